import { AppError } from '../errors/index.ts'
import { coalesce } from './coalesce.ts'

export type Lookup<Key, Found> = (key: Key) => Promise<Found | null>

type FindMany<Key, Found> = (keys: Key[]) => Promise<ReadonlyMap<Key, Found>>

/**
 * Look-ups by key, all those of one turn of the event loop in one statement. A statement begins after the question, so no answer is older than
 * it. For keys that are compared by value: numbers and strings. `maxBatch` is 500 if absent.
 *
 * @example
 * const findById = createBatchedLookup(async (ids: number[]) => {
 *   const users = await db.user.findMany({ where: { id: { in: ids } } })
 *   return new Map(users.map((user) => [user.id, user]))
 * })
 * const [ada, ben] = await Promise.all([findById(1), findById(2)])
 */
export function createBatchedLookup<Key extends number | string, Found>(
  findMany: FindMany<Key, Found>,
  { maxBatch = 500 }: { maxBatch?: number } = {},
): Lookup<Key, Found> {
  const findBatched = coalesce(findTogether, { maxBatch, overlapping: true })
  return async (key) => {
    const answer = await findBatched(key)
    return answer === refused ? findAlone(key) : answer
  }

  async function findTogether(keys: Key[]): Promise<(Found | null | typeof refused)[]> {
    try {
      const found = await findMany([...new Set(keys)])
      return keys.map((key) => found.get(key) ?? null)
    } catch (error) {
      // One key that the database cannot take must not fail the look-ups of others. One that is away fails them all.
      if (keys.length === 1 || isUnavailable(error)) throw error
      return keys.map(() => refused)
    }
  }

  async function findAlone(key: Key): Promise<Found | null> {
    return (await findMany([key])).get(key) ?? null
  }
}

const refused = Symbol('refused with others')

const isUnavailable = (error: unknown): boolean =>
  error instanceof AppError && error.kind === 'unavailable'
