import type { DbFor, Row } from '@ashlar/core/db'
import type { User } from './user.repository.ts'

export type Session = Row<'session'>
export type SessionRepository = ReturnType<typeof createSessionRepository>

interface NewSession {
  userId: number
  refreshTokenHash: Uint8Array<ArrayBuffer>
  device: string | undefined
  createdAt: Date
  expiresAt: Date
}

export function createSessionRepository(db: DbFor<'session'>) {
  return { create, findLiveWithUser, deleteExpired }

  function create({ createdAt, ...data }: NewSession): Promise<Session> {
    return db.session.create({ data: { ...data, createdAt, lastUsedAt: createdAt } })
  }

  /** The session with its user, unless it ended, expired, or the user was deleted. */
  function findLiveWithUser(id: string, now: Date): Promise<(Session & { user: User }) | null> {
    return db.session.findFirst({
      where: { id, endedAt: null, expiresAt: { gt: now }, user: { deletedAt: null } },
      include: { user: true },
    })
  }

  async function deleteExpired(before: Date): Promise<number> {
    const { count } = await db.session.deleteMany({ where: { expiresAt: { lt: before } } })
    return count
  }
}
