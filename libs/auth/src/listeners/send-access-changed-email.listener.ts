import { on } from '@ashlar/core/events'
import { accessChangedEmail } from '../emails/access-changed.email.ts'
import { accessChanged } from '../events/access-changed.event.ts'
import type { Addressee } from '../services/addressees.ts'
import type { MailDeps } from './mail-deps.ts'
import { notify } from './notify.ts'

/**
 * Each change is a kind of its own. So many new API keys do not hold back the notice that the
 * second factor was disabled.
 */
export const sendAccessChangedEmail = (deps: MailDeps) =>
  on(accessChanged, 'auth.send-access-changed-email', ({ userId, change }, delivery) => {
    const kind = `${accessChangedEmail.template}.${change}`
    const compose = (user: Addressee) => accessChangedEmail({ user, change, app: deps.app })
    return notify(deps, { kind, userId, compose }, delivery)
  })
