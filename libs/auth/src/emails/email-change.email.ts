import { z } from 'zod'
import { defineEmail, renderTemplate } from '@ashlar/core/mail'
import { html } from './generated/email-change.html.ts'
import { App, Recipient, sample } from './props.ts'

const Props = z.object({ user: Recipient, app: App })

export const emailChangeEmail = defineEmail('auth.email-change', Props, {
  sample,
  render: ({ user: { username, email }, app }) => ({
    to: email,
    subject: `The address of your ${app.name} account is about to change`,
    html: renderTemplate(html, { username, appName: app.name }),
    text: `Hello ${username}\n\nSomebody wants to change the e-mail address of your ${app.name} account to another one. It will change when that address is confirmed. If it was not you, change your password at once.\n`,
  }),
})
