import { z } from 'zod'
import type { AnyContract } from './contract.ts'
import { entityTags } from './etag.ts'

const IdempotencyKey = z
  .string()
  .regex(/^[\x20-\x7e]{1,255}$/, { error: 'Must have 1 to 255 printable ASCII characters' })
  .meta({
    description:
      'Chosen by the client, best a random UUID. A repeat with the same key within 24 hours gets the first answer again, with `Idempotency-Replayed: true`.',
    example: '0198c0de-5eed-7000-8000-000000000000',
    override: ({ jsonSchema }) => {
      Object.assign(jsonSchema, { minLength: 1, maxLength: 255 })
    },
  })

const EntityTags = z
  .string()
  .regex(entityTags, { error: 'Must be * or entity tags in quotes, with commas between them' })

const IfMatch = EntityTags.meta({
  description:
    'The `ETag` of what is to be changed. If it has changed since, the answer is 412 and nothing happens.',
  example: '"7"',
  override: ({ jsonSchema }) => delete jsonSchema.pattern,
})

const IfNoneMatch = z.string().meta({
  description: 'The `ETag` of a copy. If it is still right, the answer is 304 without a body.',
  example: '"7"',
})

/** The header fields that a contract brings along, with those that it names. */
export function headerFieldsOf({ headers, idempotent, ifMatch, etag }: AnyContract) {
  return z.object({
    ...headers?.shape,
    ...(idempotent ? { 'idempotency-key': IdempotencyKey.optional() } : {}),
    ...(ifMatch ? { 'if-match': ifMatch === 'required' ? IfMatch : IfMatch.optional() } : {}),
    ...(etag && !ifMatch ? { 'if-none-match': IfNoneMatch.optional() } : {}),
  })
}
