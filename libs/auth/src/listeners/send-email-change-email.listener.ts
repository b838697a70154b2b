import { on } from '@ashlar/core/events'
import { emailChangeEmail } from '../emails/email-change.email.ts'
import { emailChangeRequested } from '../events/email-change-requested.event.ts'
import type { Addressee } from '../services/addressees.ts'
import type { MailDeps } from './mail-deps.ts'
import { notify } from './notify.ts'

/**
 * Sent to the address that the account had, also if the new one was confirmed before this mail
 * could be sent.
 */
export function sendEmailChangeEmail(deps: MailDeps) {
  return on(emailChangeRequested, 'auth.send-email-change-email', ({ userId }, delivery) =>
    notify(deps, { kind: emailChangeEmail.template, userId, compose }, delivery),
  )

  function compose(user: Addressee) {
    const isDone = user.email !== user.account.email
    // A new password took the change back: there is nothing to warn of.
    if (!isDone && user.account.pendingEmail === null) return null
    return emailChangeEmail({ user, isDone, app: deps.app })
  }
}
