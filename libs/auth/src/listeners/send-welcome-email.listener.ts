import { on } from '@ashlar/core/events'
import type { Mailer } from '@ashlar/core/mail'
import type { AuthStore } from '../auth.store.ts'
import { welcomeEmail } from '../emails/welcome.email.ts'
import { userRegistered } from '../events/user-registered.event.ts'

export interface SendWelcomeEmailDeps {
  store: AuthStore
  mailer: Mailer
  app: { name: string; url: string }
}

export const sendWelcomeEmail = ({ store, mailer, app }: SendWelcomeEmailDeps) =>
  on(userRegistered, 'auth.send-welcome-email', async ({ userId }, delivery) => {
    const user = await store.users.findById(userId)
    if (user) await mailer.send(welcomeEmail({ user, app }), { messageId: delivery.id })
  })
