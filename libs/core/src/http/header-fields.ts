import type { Request } from 'express'
import { z } from 'zod'
import type { AnyContract } from './contract.ts'
import { entityTags } from './etag.ts'
import type { FaultList } from './fault-list.ts'
import { headerCount } from './request-checks.ts'

const IdempotencyKey = z
  .string()
  .regex(/^[\x20-\x7e]{1,255}$/, { error: 'Must have 1 to 255 printable ASCII characters' })
  .meta({
    description:
      'Chosen by the client, best a random UUID. A repeat with the same key within 24 hours gets the first answer again, with `Idempotency-Replayed: true`.',
    override: ({ jsonSchema }) => {
      Object.assign(jsonSchema, { minLength: 1, maxLength: 255 })
    },
  })

const EntityTags = z
  .string()
  .regex(entityTags, { error: 'Must be * or entity tags in quotes, with commas between them' })

const IfMatch = EntityTags.meta({
  description:
    'The `ETag` of what is to be changed, with its quotes. If it has changed since, the answer is 412 and nothing happens.',
  override: ({ jsonSchema }) => delete jsonSchema.pattern,
})

const IfNoneMatch = z.string().meta({
  description:
    'The `ETag` of a copy, with its quotes. If it is still right, the answer is 304 without a body.',
})

/** These are lists, which may come in several fields (RFC 9110 §5.3). */
const lists = ['if-match', 'if-none-match']

/** Adds a fault for each of these fields that came twice: Node would make one value of them. */
export function addRepeated(faults: FaultList, request: Request, names: readonly string[]): void {
  for (const name of names)
    if (!lists.includes(name) && headerCount(request, name) > 1)
      faults.add('headers', [name], { code: 'duplicate', detail: 'Must be sent once.' })
}

/** The header fields that a contract brings along, with those that it names. */
export function headerFieldsOf({ headers, idempotent, ifMatch, etag }: AnyContract) {
  return z.object({
    ...headers?.shape,
    ...(idempotent ? { 'idempotency-key': IdempotencyKey.optional() } : {}),
    ...(ifMatch ? { 'if-match': ifMatch === 'required' ? IfMatch : IfMatch.optional() } : {}),
    ...(etag && !ifMatch ? { 'if-none-match': IfNoneMatch.optional() } : {}),
  })
}
