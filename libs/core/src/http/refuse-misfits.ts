import type { z } from 'zod'
import type { Route } from './contract.ts'
import { listAnswer } from './list-route.ts'
import { findJsonMisfits, type Direction } from './serialization/json-misfits.ts'

/**
 * Throws where a schema of a route says what JSON cannot: it would fail at each request, or make
 * the API document untrue.
 */
export function refuseMisfits({ method, path, contract }: Route): void {
  const { params, query, headers, body, response, list } = contract
  const bodies = body && '_zod' in body ? [body] : [body?.json, body?.form]
  const faults = [
    ...describe('params', params, 'input'),
    ...describe('query', query, 'input'),
    ...describe('headers', headers, 'input'),
    ...bodies.flatMap((schema) => describe('body', schema, 'input')),
    ...describe('response', list && response ? listAnswer(response) : response, 'output'),
    ...(isNothing(contract)
      ? ['  response may be left out, and has no envelope: use .nullable()']
      : []),
  ]
  if (faults.length > 0)
    throw new Error(`${method.toUpperCase()} ${path} cannot be served:\n${faults.join('\n')}`)
}

const describe = (part: string, schema: z.ZodType | undefined, direction: Direction): string[] =>
  (schema ? findJsonMisfits(schema, direction) : []).map(
    ({ pointer, problem }) => `  ${part} ${pointer} ${problem}`,
  )

const isNothing = ({ response, envelope, list }: Route['contract']): boolean =>
  envelope === false && !list && response?._zod.optout === 'optional'
