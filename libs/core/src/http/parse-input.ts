import type { Request } from 'express'
import { z } from 'zod'
import { notFound, type AppError, type InputFault } from '../errors/index.ts'
import type { ListDefinition } from '../list/index.ts'
import { checkPart, type CheckedPart } from './check-part.ts'
import type { AnyContract } from './contract.ts'
import { validationFailed } from './errors.ts'
import { parseForm } from './form.ts'
import { findRepeated } from './header-fields.ts'
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
  const given = parseForm(queryOf(request))
  const received = await parseBody(request, contract.body)
  const params = checkParams(request, contract)
  const query = list ? readList(list, given) : checkPart('query', contract.query ?? nothing, given)
  const headers = checkHeaders(request, contract)
  const body = received && checkPart('body', received.schema, received.value)
  const faults = [params, query, headers, body].flatMap((part) => part?.faults ?? [])
  if (faults.length > 0) throw refusal(faults)
  return {
    ...('list' in query && { list: query.list }),
    params: params.data,
    query: query.data,
    headers: headers.data,
    body: body?.data,
  }
}

/** For what takes no parameters. */
export function refuseParameters(request: Request): void {
  const { faults } = checkPart('query', nothing, parseForm(queryOf(request)))
  if (faults.length > 0) throw refusal(faults)
}

function checkParams(request: Request, contract: AnyContract): CheckedPart {
  const checked = checkPart('params', contract.params ?? nothing, request.params)
  if (checked.faults.length > 0 && checked.faults.every(isOutOfRange)) throw notFound()
  return checked
}

const checkHeaders = (request: Request, { headers = z.object({}) }: AnyContract): CheckedPart =>
  checkPart('headers', headers, request.headers, findRepeated(request, Object.keys(headers.shape)))

function refusal(faults: readonly InputFault[]): AppError {
  const more = faults.length - mostFaults
  return validationFailed({
    errors: faults.slice(0, mostFaults),
    ...(more > 0 && { detail: `${validationFailed.detail} Faults that are not listed: ${more}.` }),
  })
}
