import { z } from 'zod'
import { boundedText } from '@ashlar/core/schema'
import { isStorable, GivenPassword } from './password.schema.ts'

const Name = boundedText()
  .refine(isStorable, { error: 'Must be plain text', abort: true })
  .transform((text) => text.trim())
  .pipe(
    z
      .string()
      .min(1, { error: 'Must not be empty' })
      .max(100, { error: 'Must have at most 100 characters' }),
  )
  .meta({ description: 'What it is for.', example: 'nightly import' })

/** `known` is asked when a body comes, because modules tell their scopes one after another. */
export const newApiKeyBody = (known: ReadonlySet<string>) =>
  z
    .strictObject({
      name: Name,
      scopes: z.array(scopeOf(known)).min(1).max(50),
      expiresInDays: z.int().min(1).max(3_650).default(90),
      currentPassword: GivenPassword,
    })
    .meta({ id: 'NewApiKeyBody' })
export type NewApiKeyBody = z.infer<ReturnType<typeof newApiKeyBody>>

const scopeOf = (known: ReadonlySet<string>) =>
  boundedText()
    .refine((scope) => known.has(scope), {
      error: () => `Must be one of ${[...known].sort().join(', ')}`,
    })
    .meta({
      override: ({ jsonSchema }: { jsonSchema: object }) => {
        Object.assign(jsonSchema, { enum: [...known].sort() })
      },
    })

export const ApiKey = z
  .object({
    id: z.guid(),
    name: z.string(),
    hint: z.string().meta({ description: 'The last characters of the key.' }),
    scopes: z.array(z.string()),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
    lastUsedAt: z.iso.datetime().nullable().meta({ description: 'To the minute.' }),
  })
  .meta({ id: 'ApiKey' })
export type ApiKey = z.infer<typeof ApiKey>

export const NewApiKey = ApiKey.extend({
  key: z.string().meta({
    description: 'Shown once. Send it as "Authorization: Bearer <key>".',
    example: 'ak_…',
  }),
}).meta({ id: 'NewApiKey' })
