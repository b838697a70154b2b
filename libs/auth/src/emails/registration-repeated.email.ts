import { z } from 'zod'
import { defineEmail, renderTemplate } from '@ashlar/core/mail'
import { html } from './generated/registration-repeated.html.ts'
import { App, Recipient, sample } from './props.ts'

const Props = z.object({ user: Recipient, app: App })

export const registrationRepeatedEmail = defineEmail('auth.registration-repeated', Props, {
  sample,
  render: ({ user: { username, email }, app }) => ({
    to: email,
    subject: `You have an account at ${app.name} already`,
    html: renderTemplate(html, { username, appName: app.name }),
    text: `Hello ${username}\n\nSomebody wanted this e-mail address for an account at ${app.name}. It is that of your account already. If it was you, log in, or choose a new password if you forgot it. If it was not, there is nothing to do: nobody learned that you have an account.\n`,
  }),
})
