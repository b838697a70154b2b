import { accessChanged } from './events/access-changed.event.ts'
import { emailChangeRequested } from './events/email-change-requested.event.ts'
import { emailVerificationRequested } from './events/email-verification-requested.event.ts'
import { passwordChanged } from './events/password-changed.event.ts'
import { passwordResetRequested } from './events/password-reset-requested.event.ts'
import { registrationRepeated } from './events/registration-repeated.event.ts'
import { sessionReused } from './events/session-reused.event.ts'
import { unknownEmailNamed } from './events/unknown-email-named.event.ts'
import { userDeleted } from './events/user-deleted.event.ts'
import { userPurged } from './events/user-purged.event.ts'
import { userRegistered } from './events/user-registered.event.ts'

/** Every fact that the module publishes. */
export const authEvents = [
  userRegistered,
  userDeleted,
  userPurged,
  emailVerificationRequested,
  emailChangeRequested,
  passwordResetRequested,
  passwordChanged,
  sessionReused,
  accessChanged,
  registrationRepeated,
  unknownEmailNamed,
]
