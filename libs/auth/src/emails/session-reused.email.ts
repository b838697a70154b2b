import { z } from 'zod'
import { defineEmail, renderTemplate } from '@ashlar/core/mail'
import { html } from './generated/session-reused.html.ts'
import { App, Recipient, sample } from './props.ts'

const Props = z.object({ user: Recipient, app: App })

export const sessionReusedEmail = defineEmail('auth.session-reused', Props, {
  sample,
  render: ({ user: { username, email }, app }) => ({
    to: email,
    subject: `You were logged out of ${app.name} on a device`,
    html: renderTemplate(html, { username, appName: app.name }),
    text: `Hello ${username}\n\nA log-in of your ${app.name} account was used from two places at once. It may have been stolen, so it was ended. Log in again; if you do not know why this happened, change your password.\n`,
  }),
})
