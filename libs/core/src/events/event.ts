import type { z } from 'zod'
import { assertQualifiedName } from '../queue/index.ts'

/** A fact that modules tell each other. */
export interface EventDefinition<Schema extends z.ZodType = z.ZodType> {
  name: string
  schema: Schema
}

/**
 * Declares an event: `<module>.<fact-in-past-tense>`. The payload holds ids, never secrets or rows.
 *
 * @example
 * const userRegistered = defineEvent('auth.user-registered', z.object({ userId: z.int() }))
 */
export function defineEvent<Schema extends z.ZodType>(
  name: string,
  schema: Schema,
): EventDefinition<Schema> {
  assertQualifiedName(name)
  return { name, schema }
}
