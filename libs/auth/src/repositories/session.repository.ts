import type { DbFor, Page, PageRequest, Row } from '@ashlar/core/db'
import { clientColumns, type Client } from './client.ts'
import type { User } from './user.repository.ts'

export type Session = Row<'session'>
export type SessionWithUser = Session & { user: User }
export type SessionRepository = ReturnType<typeof createSessionRepository>

type Digest = Uint8Array<ArrayBuffer>

/**
 * The digest of what opens a session: of a refresh token, which names the session, or of the secret
 * in a cookie.
 */
export type SessionKey = { id: string; refreshTokenHash: Digest } | { cookieHash: Digest }

type NewSession = SessionKey & {
  userId: number
  client: Client
  now: Date
  expiresAt: Date
}

interface Rotation {
  id: string
  from: Digest
  to: Digest
  client: Client
  now: Date
  expiresAt: Date
}

export function createSessionRepository(db: DbFor<'session'>) {
  return {
    create,
    findFamily,
    findLiveByCookie,
    findLivePageOf,
    findLiveAddressesOf,
    rotate,
    noteUse,
    end,
    endAllOf,
    endAllBut,
    endOldest,
    deleteExpired,
    purgeOf,
  }

  function create({ client, now, ...data }: NewSession): Promise<Session> {
    return db.session.create({
      data: { ...data, ...clientColumns(client), createdAt: now, lastUsedAt: now },
    })
  }

  /** The session of refresh tokens that has this id, unless the user was deleted. */
  async function findFamily(id: string): Promise<SessionWithUser | null> {
    const where = { id, refreshTokenHash: { not: null } }
    return withUser(await db.session.findUnique({ where, include: { user: true } }))
  }

  /** The session of the secret in a cookie, unless it ended or expired, or the user was deleted. */
  async function findLiveByCookie(hash: Digest, now: Date): Promise<SessionWithUser | null> {
    const where = { cookieHash: hash, ...live(now) }
    return withUser(await db.session.findFirst({ where, include: { user: true } }))
  }

  function findLivePageOf(userId: number, list: PageRequest, now: Date): Promise<Page<Session>> {
    return db.session.findPage({ where: { userId, ...live(now) }, list })
  }

  /** Where the sessions of an account were used last. */
  async function findLiveAddressesOf(email: string, now: Date): Promise<string[]> {
    const sessions = await db.session.findMany({
      where: { user: { email, deletedAt: null }, ...live(now) },
      select: { address: true },
    })
    return sessions.flatMap(({ address }) => address ?? [])
  }

  /** Exchanges the refresh token of a live session, in one statement, so that one of any number of callers does. */
  async function rotate({ id, from, to, client, now, expiresAt }: Rotation): Promise<boolean> {
    const { count } = await db.session.updateMany({
      where: { id, refreshTokenHash: from, ...live(now) },
      data: {
        ...clientColumns(client),
        refreshTokenHash: to,
        previousTokenHash: from,
        rotatedAt: now,
        lastUsedAt: now,
        expiresAt,
      },
    })
    return count > 0
  }

  async function noteUse(id: string, now: Date): Promise<void> {
    await db.session.updateMany({ where: { id, ...live(now) }, data: { lastUsedAt: now } })
  }

  /** Whether it was this call that ended it. */
  async function end({ id, userId }: Pick<Session, 'id' | 'userId'>, now: Date): Promise<boolean> {
    const { count } = await db.session.updateMany({
      where: { id, userId, ...live(now) },
      data: { endedAt: now },
    })
    return count > 0
  }

  async function endAllOf(userId: number, now: Date): Promise<void> {
    await db.session.updateMany({ where: { userId, endedAt: null }, data: { endedAt: now } })
  }

  async function endAllBut(id: string, userId: number, now: Date): Promise<void> {
    await db.session.updateMany({
      where: { userId, id: { not: id }, endedAt: null },
      data: { endedAt: now },
    })
  }

  /** Ends those that were not used for longest, so that `limit` are left, and tells which. */
  async function endOldest(userId: number, limit: number, now: Date): Promise<string[]> {
    const surplus = await db.session.findMany({
      where: { userId, ...live(now) },
      orderBy: [{ lastUsedAt: 'desc' }, { id: 'desc' }],
      skip: limit,
      select: { id: true },
    })
    const ids = surplus.map(({ id }) => id)
    if (ids.length === 0) return ids
    await db.session.updateMany({ where: { id: { in: ids } }, data: { endedAt: now } })
    return ids
  }

  function deleteExpired(before: Date, signal: AbortSignal): Promise<number> {
    const where = { expiresAt: { lt: before } }
    return db.session.deleteInBatches({ where, by: 'expiresAt', signal })
  }

  /** Deletes the rows of a user that is purged, batch by batch. */
  async function purgeOf(userId: number, signal: AbortSignal): Promise<void> {
    await db.session.deleteInBatches({ where: { userId }, by: 'userId', signal })
  }
}

/** Null for the session of a deleted user. */
function withUser(session: (Session & { user: User | null }) | null): SessionWithUser | null {
  return session?.user ? { ...session, user: session.user } : null
}

const live = (now: Date) => ({ endedAt: null, expiresAt: { gt: now } })
