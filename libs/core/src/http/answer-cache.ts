import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Cache } from '../cache/index.ts'
import type { Answer } from './answer.ts'
import type { Route } from './contract.ts'
import type { ParsedInput } from './parse-input.ts'

const KeptAnswer = z.object({
  status: z.int(),
  headers: z.record(z.string(), z.string()),
  body: z.string().optional(),
})

/** One request of a cached route, after guard, policy and validation. */
export interface CachedCall {
  input: ParsedInput
  /** What the guard found out. */
  context: object
  /** Whose answer it is. */
  caller: () => string
}

/** Answers of a route, each made once for everybody to whom it is the same. Throws where they could not be kept, or must not be. */
export function createAnswerCache(
  { method, path, contract }: Route,
  cache: Cache | undefined,
): (call: CachedCall, work: () => Promise<Answer>) => Promise<Answer> {
  const name = `${method.toUpperCase()} ${path}`
  const fault = (reason: string) => new Error(`${name} ${reason}`)
  if (method !== 'get') throw fault('is cached, which only GET can be')
  if (contract.noStore) throw fault('answers what must not be stored, and cannot be cached')
  if (!contract.guard && !contract.cache?.public)
    throw fault('is cached and has no guard: say that it is public')
  if (!cache) throw fault('is cached, and the app has no cache')
  const { tags, vary, ttlMs, staleMs = 0, public: isPublic } = contract.cache ?? { ttlMs: 0 }
  const space = cache.space(name, { schema: KeptAnswer, version: shapeOf(contract.response) })

  return async ({ input, context, caller }, work) => {
    const seen = { ...context, ...input } as never
    const { params, query, headers } = input
    const key = JSON.stringify([
      isPublic ? 'public' : caller(),
      vary?.(seen),
      params,
      query,
      { ...(headers as object), 'if-none-match': undefined },
    ])
    const tagged = typeof tags === 'function' ? tags(seen) : (tags ?? [])
    return space.wrap(key, { ttlMs, staleMs, tags: tagged }, work)
  }
}

/** Another shape of the answer is another version, so that a new deployment never sends what an old one has kept. */
const shapeOf = (response: z.ZodType | undefined): string =>
  createHash('sha256')
    .update(JSON.stringify(response && z.toJSONSchema(response, { unrepresentable: 'any' })))
    .digest('base64url')
    .slice(0, 8)
