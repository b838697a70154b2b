import { on } from '@ashlar/core/events'
import { sessionReusedEmail } from '../emails/session-reused.email.ts'
import { sessionReused } from '../events/session-reused.event.ts'
import type { Addressee } from '../services/addressees.ts'
import type { MailDeps } from './mail-deps.ts'
import { notify } from './notify.ts'

export const sendSessionReusedEmail = (deps: MailDeps) =>
  on(sessionReused, 'auth.send-session-reused-email', ({ userId }, delivery) => {
    const kind = sessionReusedEmail.template
    const compose = (user: Addressee) => sessionReusedEmail({ user, app: deps.app })
    return notify(deps, { kind, userId, compose }, delivery)
  })
