import type { Mailer } from '@ashlar/core/mail'
import type { AuthStore } from '../auth.store.ts'
import type { App } from '../emails/props.ts'

/** What a listener that sends a mail needs. */
export interface MailDeps {
  store: AuthStore
  mailer: Mailer
  app: App
}
