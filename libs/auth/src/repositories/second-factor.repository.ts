import type { DbFor, Row } from '@ashlar/core/db'

export type SecondFactor = Row<'secondFactor'>
export type SecondFactorRepository = ReturnType<typeof createSecondFactorRepository>

type Digest = Uint8Array<ArrayBuffer>

export function createSecondFactorRepository(db: DbFor<'secondFactor' | 'recoveryCode'>) {
  return {
    find,
    begin,
    confirm,
    useStep,
    reseal,
    remove,
    removeUnconfirmed,
    countRecoveryCodes,
    replaceRecoveryCodes,
    takeRecoveryCode,
    purgeOf,
  }

  function find(userId: number): Promise<SecondFactor | null> {
    return db.secondFactor.findUnique({ where: { userId } })
  }

  /** In place of one that was begun before. False when one is confirmed already. */
  async function begin(userId: number, secret: Digest, now: Date): Promise<boolean> {
    await removeUnconfirmed(userId)
    const { count } = await db.secondFactor.createMany({
      data: [{ userId, secret, createdAt: now }],
      skipDuplicates: true,
    })
    return count > 0
  }

  /** False when it was begun anew meanwhile, or is confirmed already. */
  async function confirm({ userId, secret }: SecondFactor, step: number, now: Date) {
    const { count } = await db.secondFactor.updateMany({
      where: { userId, secret, confirmedAt: null },
      data: { confirmedAt: now, lastStep: step },
    })
    return count > 0
  }

  /** In one statement, so that a code opens one log-in of any number. False for a code that was used, or is older than one that was. */
  async function useStep({ userId, secret }: SecondFactor, step: number): Promise<boolean> {
    const { count } = await db.secondFactor.updateMany({
      where: { userId, secret, lastStep: { lt: step } },
      data: { lastStep: step },
    })
    return count > 0
  }

  /** The same secret, encrypted with another key. */
  async function reseal({ userId, secret }: SecondFactor, sealed: Digest): Promise<void> {
    await db.secondFactor.updateMany({ where: { userId, secret }, data: { secret: sealed } })
  }

  /** With its recovery codes. Whether there was one, confirmed or not. */
  async function remove(userId: number): Promise<boolean> {
    const { count } = await db.secondFactor.deleteMany({ where: { userId } })
    return count > 0
  }

  /** One that was begun, and asks nobody for a code yet. */
  async function removeUnconfirmed(userId: number): Promise<void> {
    await db.secondFactor.deleteMany({ where: { userId, confirmedAt: null } })
  }

  function countRecoveryCodes(userId: number): Promise<number> {
    return db.recoveryCode.count({ where: { userId } })
  }

  async function replaceRecoveryCodes(userId: number, hashes: readonly Digest[]): Promise<void> {
    await db.recoveryCode.deleteMany({ where: { userId } })
    await db.recoveryCode.createMany({ data: hashes.map((hash) => ({ hash, userId })) })
  }

  /** Whether it was there to be used: of any number of callers, one takes it. */
  async function takeRecoveryCode(userId: number, hash: Digest): Promise<boolean> {
    const { count } = await db.recoveryCode.deleteMany({ where: { userId, hash } })
    return count > 0
  }

  /**
   * Deletes the recovery codes of a user that is purged, batch by batch. The factor goes with the
   * user.
   */
  async function purgeOf(userId: number): Promise<void> {
    await db.recoveryCode.deleteInBatches({ where: { userId }, by: 'userId' })
  }
}
