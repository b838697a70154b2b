import { renderTemplate, type Email } from '@ashlar/core/mail'
import { html } from './generated/session-reused.html.ts'
import type { App } from './link.ts'

interface SessionReusedProps {
  user: { username: string; email: string }
  app: App
}

export function sessionReusedEmail({ user: { username, email }, app }: SessionReusedProps): Email {
  return {
    template: 'auth.session-reused',
    to: email,
    subject: `You were logged out of ${app.name} on a device`,
    html: renderTemplate(html, { username, appName: app.name }),
    text: `Hello ${username}\n\nA log-in of your ${app.name} account was used from two places at once. It may have been stolen, so it was ended. Log in again; if you do not know why this happened, change your password.\n`,
  }
}
