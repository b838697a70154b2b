import type { Request } from 'express'
import { z } from 'zod'
import { notFound, type InputFault } from '../errors/index.ts'
import type { ListDefinition } from '../list/index.ts'
import type { AnyContract } from './contract.ts'
import { validationFailed } from './errors.ts'
import { faultsOf, findForbidden } from './faults.ts'
import { parseForm } from './form.ts'
import { readList } from './list-route.ts'
import { parseBody } from './parse-body.ts'
import { queryOf } from './request-target.ts'
import { isOutOfRange } from './resource-id.ts'

export interface ParsedInput {
  params: unknown
  query: unknown
  headers: unknown
  body: unknown
}

/** More are of no use to anybody, and would make an answer many times larger than the request. */
const mostFaults = 100

const nothing = z.strictObject({})

/** Holds a request against its contract. Throws one error with every fault. */
export async function parseInput(
  request: Request,
  contract: AnyContract,
  list?: ListDefinition,
): Promise<ParsedInput> {
  const faults: InputFault[] = []
  const given = parseForm(queryOf(request))
  const received = await parseBody(request, contract.body)
  const params = check('params', contract.params ?? nothing, request.params)
  const query = check('query', list?.query ?? contract.query ?? nothing, given)
  const listInput = list && readList(list, query)
  if (listInput && 'faults' in listInput) faults.push(...listInput.faults)
  const input = {
    ...listInput,
    params,
    query,
    headers: check('headers', contract.headers ?? z.object({}), request.headers),
    body: received && check('body', received.schema, received.value),
  }
  if (faults.length > 0) throw validationFailed({ errors: faults.slice(0, mostFaults) })
  return input

  function check(part: string, schema: z.ZodType, value: unknown): unknown {
    const forbidden = part === 'headers' ? [] : findForbidden(part, value)
    faults.push(...forbidden)
    if (forbidden.length > 0) return undefined
    const result = schema.safeParse(value)
    if (result.success) return result.data
    if (part === 'params' && result.error.issues.every(isOutOfRange)) throw notFound()
    faults.push(...faultsOf(part, result.error.issues))
    return undefined
  }
}
