import { z } from 'zod'
import { defineEmail, renderTemplate } from '@ashlar/core/mail'
import { html } from './generated/email-change.html.ts'
import { App, Recipient, sample } from './props.ts'

const Props = z.object({ user: Recipient, isDone: z.boolean(), app: App })

export const emailChangeEmail = defineEmail('auth.email-change', Props, {
  sample: { ...sample, isDone: false },
  render({ user: { username, email }, isDone, app }) {
    const [subject, heading, sentence] = isDone ? done(app) : coming(app)
    return {
      to: email,
      subject,
      html: renderTemplate(html, { username, appName: app.name, heading, sentence }),
      text: `Hello ${username}\n\n${sentence}\n`,
    }
  },
})

const coming = ({ name }: App) =>
  [
    `The address of your ${name} account is about to change`,
    'Your e-mail address is about to change',
    `Somebody wants to change the e-mail address of your ${name} account to another one. It will change when that address is confirmed. If it was not you, change your password at once.`,
  ] as const

/**
 * For a mail that was late. It names no way to help oneself: the password may be a thief's by now,
 * and a link to a new one would go to the new address.
 */
const done = ({ name }: App) =>
  [
    `The address of your ${name} account was changed`,
    'Your e-mail address was changed',
    `The e-mail address of your ${name} account was changed to another one, which was confirmed. If it was not you, tell us at once.`,
  ] as const
