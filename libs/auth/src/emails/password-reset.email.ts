import { renderTemplate, type Email } from '@ashlar/core/mail'
import { html } from './generated/password-reset.html.ts'
import { linkWith, type App } from './link.ts'

interface PasswordResetProps {
  user: { username: string; email: string }
  token: string
  ttlMs: number
  app: App
}

export function passwordResetEmail({ user, token, ttlMs, app }: PasswordResetProps): Email {
  const { username, email } = user
  const url = linkWith(app, '/reset-password', token)
  const minutes = Math.ceil(ttlMs / 60_000)
  return {
    template: 'auth.password-reset',
    to: email,
    subject: `Choose a new password for ${app.name}`,
    html: renderTemplate(html, { username, appName: app.name, minutes, url }),
    text: `Hello ${username}\n\nSomebody asked for a new password for your ${app.name} account. The link is good for ${minutes} minutes and works once:\n\n${url}\n\nIf it was not you, you need not do anything: your password stays as it is.\n`,
  }
}
