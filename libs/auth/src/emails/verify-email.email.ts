import { z } from 'zod'
import { defineEmail, renderTemplate } from '@ashlar/core/mail'
import { html } from './generated/verify-email.html.ts'
import { linkWith } from './link.ts'
import { App, sample } from './props.ts'
import { timeSpan } from './time-span.ts'

const Props = z.object({
  username: z.string(),
  /** The address to verify, which need not be the one of the account yet. */
  to: z.string(),
  token: z.string(),
  ttlMs: z.number(),
  app: App,
})

export const verifyEmail = defineEmail('auth.verify-email', Props, {
  secret: true,
  sample: { ...sample, username: 'ada', to: 'ada@example.com', ttlMs: 24 * 3_600_000 },
  render({ username, to, token, ttlMs, app }) {
    const url = linkWith(app, '/verify-email', token)
    const validity = timeSpan(ttlMs)
    return {
      to,
      subject: `Confirm your address at ${app.name}`,
      html: renderTemplate(html, { username, appName: app.name, validity, url }),
      text: `Hello ${username}\n\nPlease confirm that this is your address at ${app.name}. The link is good for ${validity} and works once:\n\n${url}\n\nIf you did not ask for this, you need not do anything.\n`,
    }
  },
})
