import { on } from '@ashlar/core/events'
import { passwordChangedEmail } from '../emails/password-changed.email.ts'
import { passwordChanged } from '../events/password-changed.event.ts'
import type { MailDeps } from './mail-deps.ts'

export const sendPasswordChangedEmail = ({ store, mailer, app }: MailDeps) =>
  on(passwordChanged, 'auth.send-password-changed-email', async ({ userId }, delivery) => {
    const user = await store.users.findById(userId)
    if (user) await mailer.send(passwordChangedEmail({ user, app }), { messageId: delivery.id })
  })
