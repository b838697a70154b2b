import { on } from '@ashlar/core/events'
import { registrationRepeatedEmail } from '../emails/registration-repeated.email.ts'
import { registrationRepeated } from '../events/registration-repeated.event.ts'
import type { MailDeps } from './mail-deps.ts'

export const sendRegistrationRepeatedEmail = ({ store, mails, app }: MailDeps) =>
  on(
    registrationRepeated,
    'auth.send-registration-repeated-email',
    async ({ userId }, delivery) => {
      const user = await store.users.findById(userId)
      if (!user) return
      const mail = { kind: registrationRepeatedEmail.template, to: user.email, userId }
      await mails.send(mail, delivery, () => registrationRepeatedEmail({ user, app }))
    },
  )
