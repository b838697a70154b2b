import type { AuthStore } from '../auth.store.ts'
import type { App } from '../emails/props.ts'
import type { Addressees } from '../services/addressees.ts'
import type { LimitedMailer } from '../services/limited-mailer.ts'

/** What a listener that sends a mail needs. */
export interface MailDeps {
  store: AuthStore
  mails: LimitedMailer
  addressees: Addressees
  app: App
}
