import { sendAccessChangedEmail } from './listeners/send-access-changed-email.listener.ts'
import { sendEmailChangeEmail } from './listeners/send-email-change-email.listener.ts'
import { sendPasswordChangedEmail } from './listeners/send-password-changed-email.listener.ts'
import {
  sendPasswordResetEmail,
  type SendPasswordResetEmailDeps,
} from './listeners/send-password-reset-email.listener.ts'
import { sendRegistrationRepeatedEmail } from './listeners/send-registration-repeated-email.listener.ts'
import { sendSessionReusedEmail } from './listeners/send-session-reused-email.listener.ts'
import {
  sendVerificationEmail,
  type SendVerificationEmailDeps,
} from './listeners/send-verification-email.listener.ts'
import { sendWelcomeEmail } from './listeners/send-welcome-email.listener.ts'

/** Everything that the module does after an event: it sends mails. */
export const authListeners = (deps: SendPasswordResetEmailDeps & SendVerificationEmailDeps) => [
  sendWelcomeEmail(deps),
  ...sendVerificationEmail(deps),
  sendPasswordResetEmail(deps),
  sendPasswordChangedEmail(deps),
  sendEmailChangeEmail(deps),
  sendSessionReusedEmail(deps),
  sendAccessChangedEmail(deps),
  sendRegistrationRepeatedEmail(deps),
]
