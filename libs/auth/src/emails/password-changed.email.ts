import { renderTemplate, type Email } from '@ashlar/core/mail'
import { html } from './generated/password-changed.html.ts'
import type { App } from './link.ts'

interface PasswordChangedProps {
  user: { username: string; email: string }
  app: App
}

export function passwordChangedEmail({
  user: { username, email },
  app,
}: PasswordChangedProps): Email {
  return {
    template: 'auth.password-changed',
    to: email,
    subject: `The password of your ${app.name} account was changed`,
    html: renderTemplate(html, { username, appName: app.name }),
    text: `Hello ${username}\n\nThe password of your ${app.name} account was changed, and other devices were logged out. If it was not you, ask for a new password at once.\n`,
  }
}
