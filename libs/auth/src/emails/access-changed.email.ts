import { z } from 'zod'
import { defineEmail, renderTemplate } from '@ashlar/core/mail'
import { accessChanges, type AccessChange } from '../events/access-changed.event.ts'
import { html } from './generated/access-changed.html.ts'
import { App, Recipient, sample } from './props.ts'

const Props = z.object({ user: Recipient, change: z.enum(accessChanges), app: App })

const sentences: Record<AccessChange, string> = {
  api_key_created: 'A new API key was made for your account.',
  recovery_code_used: 'A recovery code was used in place of your authenticator app.',
  recovery_codes_renewed: 'New recovery codes were made. The old ones are worth nothing.',
  second_factor_disabled: 'The second factor of your account was disabled.',
  second_factor_enabled: 'Your account has a second factor: each log-in asks for a code now.',
  second_factor_reset: 'An administrator took the second factor off your account.',
}

export const accessChangedEmail = defineEmail('auth.access-changed', Props, {
  sample: { ...sample, change: 'api_key_created' },
  render: ({ user: { username, email }, change, app }) => ({
    to: email,
    subject: `The access to your ${app.name} account changed`,
    html: renderTemplate(html, { username, sentence: sentences[change], appName: app.name }),
    text: `Hello ${username}\n\n${sentences[change]} If you do not know of it, choose a new password at once, and look at your sessions and API keys.\n`,
  }),
})
