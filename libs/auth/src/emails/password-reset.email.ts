import { z } from 'zod'
import { defineEmail, renderTemplate } from '@ashlar/core/mail'
import { html } from './generated/password-reset.html.ts'
import { linkWith } from './link.ts'
import { App, Recipient, sample } from './props.ts'
import { timeSpan } from './time-span.ts'

const Props = z.object({ user: Recipient, token: z.string(), ttlMs: z.number(), app: App })

export const passwordResetEmail = defineEmail('auth.password-reset', Props, {
  secret: true,
  sample: { ...sample, ttlMs: 15 * 60_000 },
  render({ user: { username, email }, token, ttlMs, app }) {
    const url = linkWith(app, '/reset-password', token)
    const validity = timeSpan(ttlMs)
    return {
      to: email,
      subject: `Choose a new password for ${app.name}`,
      html: renderTemplate(html, { username, appName: app.name, validity, url }),
      text: `Hello ${username}\n\nSomebody asked for a new password for your ${app.name} account. The link is good for ${validity} and works once:\n\n${url}\n\nIf it was not you, you need not do anything: your password stays as it is.\n`,
    }
  },
})
