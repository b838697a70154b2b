import { accessChangedEmail } from './emails/access-changed.email.ts'
import { emailChangeEmail } from './emails/email-change.email.ts'
import { passwordChangedEmail } from './emails/password-changed.email.ts'
import { passwordResetEmail } from './emails/password-reset.email.ts'
import { registrationRepeatedEmail } from './emails/registration-repeated.email.ts'
import { sessionReusedEmail } from './emails/session-reused.email.ts'
import { verifyEmail } from './emails/verify-email.email.ts'
import { welcomeEmail } from './emails/welcome.email.ts'

/** Every mail of the module, for the preview. */
export const authEmails = [
  welcomeEmail,
  verifyEmail,
  emailChangeEmail,
  passwordResetEmail,
  passwordChangedEmail,
  sessionReusedEmail,
  accessChangedEmail,
  registrationRepeatedEmail,
]
