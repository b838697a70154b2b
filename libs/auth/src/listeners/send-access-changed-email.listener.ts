import { on } from '@ashlar/core/events'
import { accessChangedEmail } from '../emails/access-changed.email.ts'
import { accessChanged } from '../events/access-changed.event.ts'
import type { MailDeps } from './mail-deps.ts'

export const sendAccessChangedEmail = ({ store, mailer, app }: MailDeps) =>
  on(accessChanged, 'auth.send-access-changed-email', async ({ userId, change }, delivery) => {
    const user = await store.users.findById(userId)
    if (user)
      await mailer.send(accessChangedEmail({ user, change, app }), { messageId: delivery.id })
  })
