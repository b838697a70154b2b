import type { Delivery } from '@ashlar/core/events'
import type { Email } from '@ashlar/core/mail'
import type { AuthStore } from '../auth.store.ts'
import type { App } from '../emails/props.ts'
import type { Addressee, Addressees } from '../services/addressees.ts'
import type { LimitedMailer } from '../services/limited-mailer.ts'

/** What a listener that sends a mail needs. */
export interface MailDeps {
  store: AuthStore
  mails: LimitedMailer
  addressees: Addressees
  app: App
}

interface Notice {
  kind: string
  userId: number
  /** Null if there is nothing to tell any more. */
  compose: (addressee: Addressee) => Email | null
}

/** Tells the owner of an account what happened to it, at the address that it had then. */
export async function notify(
  { addressees, mails }: Pick<MailDeps, 'addressees' | 'mails'>,
  { kind, userId, compose }: Notice,
  delivery: Delivery,
): Promise<void> {
  const addressee = await addressees.findAt(userId, delivery.occurredAt)
  if (!addressee) return
  const { email: to } = addressee
  await mails.send({ kind, to, userId }, delivery, () => compose(addressee))
}
