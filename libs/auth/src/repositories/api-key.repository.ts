import type { DbFor, Page, PageRequest, Row } from '@ashlar/core/db'

export type ApiKey = Row<'apiKey'>
export type ApiKeyRepository = ReturnType<typeof createApiKeyRepository>

type NewApiKey = Omit<ApiKey, 'id' | 'lastUsedAt'>

export function createApiKeyRepository(db: DbFor<'apiKey'>) {
  return { create, find, findPageOf, countOf, noteUse, remove, removeAllOf, deleteExpired, purgeOf }

  function create(data: NewApiKey): Promise<ApiKey> {
    return db.apiKey.create({ data })
  }

  function find(id: string, userId: number): Promise<ApiKey | null> {
    return db.apiKey.findFirst({ where: { id, userId } })
  }

  function findPageOf(userId: number, list: PageRequest): Promise<Page<ApiKey>> {
    return db.apiKey.findPage({ where: { userId }, list })
  }

  function countOf(userId: number): Promise<number> {
    return db.apiKey.count({ where: { userId } })
  }

  async function noteUse(id: string, now: Date): Promise<void> {
    await db.apiKey.updateMany({ where: { id }, data: { lastUsedAt: now } })
  }

  /** Whether there was one to remove. */
  async function remove(id: string, userId: number): Promise<boolean> {
    const { count } = await db.apiKey.deleteMany({ where: { id, userId } })
    return count > 0
  }

  async function removeAllOf(userId: number): Promise<void> {
    await db.apiKey.deleteMany({ where: { userId } })
  }

  function deleteExpired(before: Date, signal: AbortSignal): Promise<number> {
    return db.apiKey.deleteInBatches({
      where: { expiresAt: { lt: before } },
      by: 'expiresAt',
      signal,
    })
  }

  /** Deletes the rows of a user that is purged, batch by batch. */
  async function purgeOf(userId: number, signal: AbortSignal): Promise<void> {
    await db.apiKey.deleteInBatches({ where: { userId }, by: 'userId', signal })
  }
}
