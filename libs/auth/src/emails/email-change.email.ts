import { renderTemplate, type Email } from '@ashlar/core/mail'
import { html } from './generated/email-change.html.ts'
import type { App } from './link.ts'

interface EmailChangeProps {
  user: { username: string; email: string }
  app: App
}

export function emailChangeEmail({ user: { username, email }, app }: EmailChangeProps): Email {
  return {
    template: 'auth.email-change',
    to: email,
    subject: `The address of your ${app.name} account is about to change`,
    html: renderTemplate(html, { username, appName: app.name }),
    text: `Hello ${username}\n\nSomebody wants to change the e-mail address of your ${app.name} account to another one. It will change when that address is confirmed. If it was not you, change your password at once.\n`,
  }
}
