import { z } from 'zod'
import type { DbFor } from '@ashlar/core/db'

export type MailCountRepository = ReturnType<typeof createMailCountRepository>

type Key = Uint8Array<ArrayBuffer>

/** The time of each mail, by its delivery. */
const Recent = z.record(z.string(), z.iso.datetime())
export type RecentMails = z.infer<typeof Recent>

export function createMailCountRepository(db: DbFor<'mailCount'>) {
  return { hold, keep, deleteBefore }

  /** Holds the row until the transaction ends: mails of one key are counted one after another. */
  async function hold(key: Key, now: Date): Promise<RecentMails> {
    const touched = { updatedAt: now }
    const create = { key, ...touched }
    const { recent } = await db.mailCount.upsert({ where: { key }, create, update: touched })
    return Recent.parse(recent)
  }

  async function keep(key: Key, recent: RecentMails): Promise<void> {
    await db.mailCount.update({ where: { key }, data: { recent } })
  }

  function deleteBefore(before: Date, signal: AbortSignal): Promise<number> {
    return db.mailCount.deleteInBatches({
      where: { updatedAt: { lt: before } },
      by: 'updatedAt',
      signal,
    })
  }
}
