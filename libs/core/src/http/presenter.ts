import type { Request } from 'express'
import type { Page } from '../db/index.ts'
import { linksOf } from '../list/index.ts'
import type { Answer } from './answer.ts'
import type { Route } from './contract.ts'
import { etagOf, etagOfBody } from './etag.ts'
import { listAnswer, toListAnswer } from './list-route.ts'
import { addressOf } from './request-target.ts'
import { createSerializer } from './serialization/serializer.ts'

/** Makes the answer of a route out of what its handler returned: status, header fields, and the allow-list as JSON. */
export function createPresenter(
  { contract, base, method, path }: Route,
  { strict }: { strict: boolean },
): (result: unknown, request: Request) => Answer {
  const { location, etag } = contract
  const response =
    contract.list && contract.response ? listAnswer(contract.response) : contract.response
  const status = contract.redirect ? 302 : (contract.status ?? (response ? 200 : 204))
  const serialize =
    response && !contract.redirect
      ? createSerializer(response, {
          name: `${method.toUpperCase()} ${path}`,
          envelope: contract.envelope !== false && !contract.list,
          strict,
        })
      : undefined
  return contract.list ? presentPage : present

  function present(result: unknown): Answer {
    const body = serialize?.(result)
    return { status, headers: headersOf(result, body), body }
  }

  function presentPage(page: unknown, request: Request): Answer {
    const { headers, ...answer } = present(toListAnswer(page as Page<unknown>))
    const links = linksOf(addressOf(request), page as Page<unknown>)
    return { ...answer, headers: { ...headers, Link: links } }
  }

  function headersOf(result: unknown, body: string | undefined): Record<string, string> {
    const headers: Record<string, string> = {}
    if (contract.noStore) headers['Cache-Control'] = 'no-store'
    else if (contract.guard) headers['Cache-Control'] = 'private, no-cache'
    else if (contract.maxAgeSeconds !== undefined)
      headers['Cache-Control'] = `public, max-age=${contract.maxAgeSeconds}`
    else if (contract.cache)
      headers['Cache-Control'] = `public, max-age=${Math.floor(contract.cache.ttlMs / 1_000)}`
    if (contract.redirect) headers['Location'] = result as string
    if (location) headers['Location'] = base + location(result as never)
    if (typeof etag === 'function') headers['ETag'] = etagOf(etag(result as never))
    else if (etag === 'body' && body !== undefined) headers['ETag'] = etagOfBody(body)
    return headers
  }
}
