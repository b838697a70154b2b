import { z } from 'zod'
import { defineEmail, renderTemplate } from '@ashlar/core/mail'
import { html } from './generated/password-changed.html.ts'
import { App, Recipient, sample } from './props.ts'

const Props = z.object({ user: Recipient, app: App })

export const passwordChangedEmail = defineEmail('auth.password-changed', Props, {
  sample,
  render: ({ user: { username, email }, app }) => ({
    to: email,
    subject: `The password of your ${app.name} account was changed`,
    html: renderTemplate(html, { username, appName: app.name }),
    text: `Hello ${username}\n\nThe password of your ${app.name} account was changed, and other devices were logged out. If it was not you, ask for a new password at once.\n`,
  }),
})
