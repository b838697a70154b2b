import type { DbFor, Row } from '@ashlar/core/db'
import type { User } from './user.repository.ts'

export type OneTimeToken = Row<'oneTimeToken'>
export type OneTimeTokenRepository = ReturnType<typeof createOneTimeTokenRepository>

type NewToken = Omit<OneTimeToken, 'id'>

export function createOneTimeTokenRepository(db: DbFor<'oneTimeToken'>) {
  return { create, replace, findWithUser, take, deleteAllOf, deleteExpired }

  async function create(token: NewToken): Promise<void> {
    await db.oneTimeToken.create({ data: token })
  }

  /** From now on this is the only good token of its user for its purpose. */
  async function replace(token: NewToken): Promise<void> {
    const { userId, purpose } = token
    await db.oneTimeToken.deleteMany({ where: { userId, purpose } })
    await create(token)
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

  /** Of every purpose if none is named. */
  async function deleteAllOf(userId: number, purposes?: OneTimeToken['purpose'][]): Promise<void> {
    await db.oneTimeToken.deleteMany({
      where: { userId, ...(purposes && { purpose: { in: purposes } }) },
    })
  }

  function deleteExpired(before: Date, signal: AbortSignal): Promise<number> {
    return db.oneTimeToken.deleteInBatches({ where: { expiresAt: { lt: before } }, signal })
  }
}
