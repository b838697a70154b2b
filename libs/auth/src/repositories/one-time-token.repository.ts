import type { DbFor, Row } from '@ashlar/core/db'
import type { User } from './user.repository.ts'

export type OneTimeToken = Row<'oneTimeToken'>
export type OneTimeTokenRepository = ReturnType<typeof createOneTimeTokenRepository>

type NewToken = Omit<OneTimeToken, 'id'>

export function createOneTimeTokenRepository(db: DbFor<'oneTimeToken'>) {
  return {
    create,
    hasOther,
    findWithUser,
    take,
    deleteOthers,
    deleteAllTo,
    deleteAllOf,
    deleteExpired,
    purgeOf,
  }

  async function create(token: NewToken): Promise<void> {
    await db.oneTimeToken.create({ data: token })
  }

  /** Reports whether another delivery made a valid token for this address after `since`. */
  async function hasOther(
    { userId, purpose, email, deliveryId }: Omit<NewToken, 'hash' | 'createdAt' | 'expiresAt'>,
    { since, now }: { since: Date; now: Date },
  ): Promise<boolean> {
    const where = { userId, purpose, email, createdAt: { gt: since }, expiresAt: { gt: now } }
    return (await db.oneTimeToken.count({ where: { ...where, ...notOf(deliveryId) } })) > 0
  }

  async function findWithUser(
    { hash, purpose }: Pick<OneTimeToken, 'hash' | 'purpose'>,
    now: Date,
  ): Promise<(OneTimeToken & { user: User }) | null> {
    const token = await db.oneTimeToken.findFirst({
      where: { hash, purpose, expiresAt: { gt: now }, user: { status: 'active' } },
      include: { user: true },
    })
    return token?.user ? { ...token, user: token.user } : null
  }

  /** Whether it was there to be used: of any number of callers, one takes it. */
  async function take({ id }: Pick<OneTimeToken, 'id'>): Promise<boolean> {
    const { count } = await db.oneTimeToken.deleteMany({ where: { id } })
    return count > 0
  }

  /** Deletes the tokens of this user and purpose that other deliveries made. */
  async function deleteOthers({ userId, purpose, deliveryId }: NewToken): Promise<void> {
    await db.oneTimeToken.deleteMany({ where: { userId, purpose, ...notOf(deliveryId) } })
  }

  /** Deletes the tokens that were sent to one address. */
  async function deleteAllTo({
    userId,
    purpose,
    email,
  }: Pick<OneTimeToken, 'userId' | 'purpose' | 'email'>): Promise<void> {
    await db.oneTimeToken.deleteMany({ where: { userId, purpose, email } })
  }

  /** Of every purpose if none is named. */
  async function deleteAllOf(userId: number, purposes?: OneTimeToken['purpose'][]): Promise<void> {
    await db.oneTimeToken.deleteMany({
      where: { userId, ...(purposes && { purpose: { in: purposes } }) },
    })
  }

  function deleteExpired(before: Date, signal: AbortSignal): Promise<number> {
    return db.oneTimeToken.deleteInBatches({
      where: { expiresAt: { lt: before } },
      by: 'expiresAt',
      signal,
    })
  }

  /** Deletes the rows of a user that is purged, batch by batch. */
  async function purgeOf(userId: number, signal: AbortSignal): Promise<void> {
    await db.oneTimeToken.deleteInBatches({
      where: { userId },
      by: 'userId',
      signal,
    })
  }
}

/** In SQL, null differs from nothing. */
const notOf = (deliveryId: string | null) =>
  deliveryId === null ? {} : { OR: [{ deliveryId: null }, { deliveryId: { not: deliveryId } }] }
