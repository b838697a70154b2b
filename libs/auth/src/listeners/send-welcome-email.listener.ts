import { on } from '@ashlar/core/events'
import { welcomeEmail } from '../emails/welcome.email.ts'
import { userRegistered } from '../events/user-registered.event.ts'
import type { MailDeps } from './mail-deps.ts'

export const sendWelcomeEmail = ({ store, mails, app }: MailDeps) =>
  on(userRegistered, 'auth.send-welcome-email', async ({ userId }, delivery) => {
    const user = await store.users.findById(userId)
    if (!user) return
    const mail = { kind: welcomeEmail.template, to: user.email, userId }
    await mails.send(mail, delivery, () => welcomeEmail({ user, app }))
  })
