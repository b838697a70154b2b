import { on } from '@ashlar/core/events'
import { registrationRepeatedEmail } from '../emails/registration-repeated.email.ts'
import { registrationRepeated } from '../events/registration-repeated.event.ts'
import type { MailDeps } from './mail-deps.ts'

export const sendRegistrationRepeatedEmail = ({ store, mailer, app }: MailDeps) =>
  on(
    registrationRepeated,
    'auth.send-registration-repeated-email',
    async ({ userId }, delivery) => {
      const user = await store.users.findById(userId)
      if (user)
        await mailer.send(registrationRepeatedEmail({ user, app }), { messageId: delivery.id })
    },
  )
