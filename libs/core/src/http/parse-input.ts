import type { Request } from 'express'
import { z } from 'zod'
import { notFound } from '../errors/index.ts'
import type { ListDefinition } from '../list/index.ts'
import { checkPart, checkSchema } from './check-part.ts'
import type { AnyContract } from './contract.ts'
import { validationFailed } from './errors.ts'
import { createFaultList, type FaultList } from './fault-list.ts'
import { parseForm } from './form.ts'
import { addRepeated } from './header-fields.ts'
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

const nothing = z.strictObject({})

/** Validates a request against its contract. Throws one error with every fault. */
export async function parseInput(
  request: Request,
  contract: AnyContract,
  definition?: ListDefinition,
): Promise<ParsedInput> {
  const given = readQuery(request)
  const received = await parseBody(request, contract.body)
  const faults = createFaultList()
  const params = checkParams(faults, request, contract)
  const { query, list } = definition
    ? readList(faults, definition, given)
    : { query: checkPart(faults, 'query', contract.query ?? nothing, given), list: undefined }
  const headers = checkHeaders(faults, request, contract)
  const body = received && checkPart(faults, 'body', received.schema, received.value)
  refuseFaults(faults)
  return { ...(list && { list }), params, query, headers, body }
}

/** Reads the query of a page. Throws 400 for what cannot be read. */
export const readQuery = (request: Request): Record<string, string> => parseForm(queryOf(request))

/** Reads the fields of a form, whose address has no query. Throws 400, 413, 415 and 422. */
export async function readForm(request: Request): Promise<Record<string, string>> {
  refuseParameters(request)
  const received = await parseBody(request, { form: z.unknown() })
  return received?.value as Record<string, string>
}

/** Validates the fields of a form. Throws 422 with every fault, as a body does. */
export function checkForm<Schema extends z.ZodType>(
  schema: Schema,
  form: Record<string, string>,
): z.output<Schema> {
  const faults = createFaultList()
  const data = checkPart(faults, 'body', schema, form)
  refuseFaults(faults)
  return data as z.output<Schema>
}

/** For what takes no parameters. */
export function refuseParameters(request: Request): void {
  const faults = createFaultList()
  checkPart(faults, 'query', nothing, readQuery(request))
  refuseFaults(faults)
}

function checkParams(faults: FaultList, request: Request, contract: AnyContract): unknown {
  const params = checkPart(faults, 'params', contract.params ?? nothing, request.params)
  if (faults.count() > 0 && faults.made.every(isOutOfRange)) throw notFound()
  return params
}

function checkHeaders(
  faults: FaultList,
  request: Request,
  { headers = z.object({}) }: AnyContract,
): unknown {
  addRepeated(faults, request, Object.keys(headers.shape))
  return checkSchema(faults, 'headers', headers, request.headers)
}

function refuseFaults(faults: FaultList): void {
  if (faults.count() === 0) return
  const more = faults.count() - faults.made.length
  throw validationFailed({
    errors: faults.made,
    ...(more > 0 && { detail: `${validationFailed.detail} Faults that are not listed: ${more}.` }),
  })
}
