import { on } from '@ashlar/core/events'
import { sessionReusedEmail } from '../emails/session-reused.email.ts'
import { sessionReused } from '../events/session-reused.event.ts'
import type { MailDeps } from './mail-deps.ts'

export const sendSessionReusedEmail = ({ store, mailer, app }: MailDeps) =>
  on(sessionReused, 'auth.send-session-reused-email', async ({ userId }, delivery) => {
    const user = await store.users.findById(userId)
    if (user) await mailer.send(sessionReusedEmail({ user, app }), { messageId: delivery.id })
  })
