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
 * Sends every mail of the module, at most 5 an hour of one kind to one address, and as many that one account caused. Strangers can cause most
 * of them, and would flood an inbox. The count is kept in PostgreSQL, so it holds over all replicas and without Redis. It is taken where the
 * mail is sent, long after the request was answered: no answer and no time tells of it.
 */
export function createLimitedMailer({ store, mailer, clock }: LimitedMailerDeps) {
  return { send }

  /**
   * Sends what `compose` returns; null for nothing, which is not counted. It runs in the transaction that counts, one after another for one
   * address or account. A repeat of a delivery does not count twice.
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

  /** The address first and then the account, in every transaction, so that no two wait for each other. */
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
