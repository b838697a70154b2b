import type { Delivery } from '@ashlar/core/events'
import type { Email } from '@ashlar/core/mail'
import type { Addressee } from '../services/addressees.ts'
import type { MailDeps } from './mail-deps.ts'

interface Notice {
  kind: string
  userId: number
  /** Returns null if there is nothing to tell any more. */
  compose: (addressee: Addressee) => Email | null
}

/** Mails the owner of an account what happened to it, to the address that it had then. */
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
