import type { z } from 'zod'
import { assertQualifiedName } from '../queue/index.ts'

/** A fact that modules tell each other. */
export interface EventDefinition<Schema extends z.ZodType = z.ZodType> {
  name: string
  schema: Schema
  /** What the event is about. An ordered listener gets events of one key one after another. */
  key?(payload: z.output<Schema>): string | number
}

export type EventOptions<Schema extends z.ZodType> = Pick<EventDefinition<Schema>, 'key'>

/**
 * Declares an event: `<module>.<fact-in-past-tense>`. The payload holds ids, never secrets or rows. With a `key`, listeners may ask for the
 * events of one key in order: see {@link on}.
 *
 * @example
 * const userRegistered = defineEvent('auth.user-registered', z.object({ userId: z.int() }))
 *
 * @example
 * const stockChanged = defineEvent(
 *   'shop.stock-changed',
 *   z.object({ articleId: z.int(), left: z.int() }),
 *   { key: ({ articleId }) => articleId },
 * )
 */
export function defineEvent<Schema extends z.ZodType>(
  name: string,
  schema: Schema,
  options: EventOptions<Schema> = {},
): EventDefinition<Schema> {
  assertQualifiedName(name)
  return { name, schema, ...options }
}
