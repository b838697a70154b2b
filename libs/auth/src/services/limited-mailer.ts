import type { Delivery } from '@ashlar/core/events'
import type { Email, Mailer } from '@ashlar/core/mail'
import type { Clock } from '@ashlar/core/module'
import type { AuthStore } from '../auth.store.ts'
import type { RecentMails } from '../repositories/mail-count.repository.ts'
import { digestOf } from './digest.ts'

export interface LimitedMailerDeps {
  store: AuthStore
  mailer: Mailer
  clock: Clock
}

/** A mail before it is written. */
export interface PlannedMail {
  /** Mails of one kind are counted together: the name of the template, or more than that. */
  kind: string
  to: string
  /** The account that caused the mail. */
  userId: number
}

export type LimitedMailer = ReturnType<typeof createLimitedMailer>

const mostInWindow = 5
const windowMs = 3_600_000

/**
 * Sends every mail of the module: at most 5 an hour of one kind to one address, and 5 an hour of
 * one kind that one account caused. Strangers can cause most of them, and would flood an inbox. The
 * count is in PostgreSQL, so it holds over all replicas and without Redis. It is taken after the
 * request was answered, so neither the answer nor its time depends on it.
 */
export function createLimitedMailer({ store, mailer, clock }: LimitedMailerDeps) {
  return { send }

  /**
   * Sends the mail that `compose` returns; null is for none, and is not counted. `compose` runs in
   * the transaction of the count, so mails of one kind to one address are composed one after
   * another. A repeat of a delivery does not count twice.
   */
  async function send(
    mail: PlannedMail,
    delivery: Pick<Delivery, 'id' | 'log'>,
    compose: (store: AuthStore) => Email | null | Promise<Email | null>,
  ): Promise<void> {
    const email = await store.transaction(async (store) => {
      const at = clock.now()
      const counts = await holdCounts(store, mail, at)
      if (counts.some(({ recent }) => countOthers(recent, delivery.id) >= mostInWindow)) {
        delivery.log.info({ kind: mail.kind }, 'sent no mail: there were enough of its kind')
        return null
      }
      const email = await compose(store)
      if (!email) return null
      for (const { key, recent } of counts)
        await store.mailCounts.keep(key, { ...recent, [delivery.id]: at.toISOString() })
      return email
    })
    if (email) await mailer.send(email, { messageId: delivery.id })
  }

  /** Locks the address first and then the account, always, so that there is no deadlock. */
  async function holdCounts(store: AuthStore, { kind, to, userId }: PlannedMail, at: Date) {
    const counts = []
    for (const key of [`${kind} to ${to}`, `${kind} by ${userId}`].map(digestOf))
      counts.push({ key, recent: inWindow(await store.mailCounts.hold(key, at), at) })
    return counts
  }
}

function inWindow(mails: RecentMails, at: Date): RecentMails {
  const since = new Date(at.getTime() - windowMs).toISOString()
  return Object.fromEntries(Object.entries(mails).filter(([, time]) => time > since))
}

const countOthers = (recent: RecentMails, deliveryId: string): number =>
  Object.keys(recent).filter((id) => id !== deliveryId).length
