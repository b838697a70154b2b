import { renderTemplate, type Email } from '@ashlar/core/mail'
import { html } from './generated/verify-email.html.ts'
import { linkWith, type App } from './link.ts'

interface VerifyEmailProps {
  username: string
  /** The address to verify, which need not be the one of the account yet. */
  to: string
  token: string
  ttlMs: number
  app: App
}

export function verifyEmail({ username, to, token, ttlMs, app }: VerifyEmailProps): Email {
  const url = linkWith(app, '/verify-email', token)
  const hours = Math.ceil(ttlMs / 3_600_000)
  return {
    template: 'auth.verify-email',
    to,
    subject: `Confirm your address at ${app.name}`,
    html: renderTemplate(html, { username, appName: app.name, hours, url }),
    text: `Hello ${username}\n\nPlease confirm that this is your address at ${app.name}. The link is good for ${hours} hours and works once:\n\n${url}\n\nIf you did not ask for this, you need not do anything.\n`,
  }
}
