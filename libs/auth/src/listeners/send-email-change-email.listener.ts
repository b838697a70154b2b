import { on } from '@ashlar/core/events'
import { emailChangeEmail } from '../emails/email-change.email.ts'
import { emailChangeRequested } from '../events/email-change-requested.event.ts'
import type { MailDeps } from './mail-deps.ts'

export const sendEmailChangeEmail = ({ store, mailer, app }: MailDeps) =>
  on(emailChangeRequested, 'auth.send-email-change-email', async ({ userId }, delivery) => {
    const user = await store.users.findById(userId)
    // Once it is confirmed there is nothing to warn of, and the address is the new one.
    if (user?.pendingEmail != null)
      await mailer.send(emailChangeEmail({ user, app }), { messageId: delivery.id })
  })
