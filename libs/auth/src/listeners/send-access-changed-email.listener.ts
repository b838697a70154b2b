import { on } from '@ashlar/core/events'
import { accessChangedEmail } from '../emails/access-changed.email.ts'
import { accessChanged } from '../events/access-changed.event.ts'
import type { Addressee } from '../services/addressees.ts'
import { notify, type MailDeps } from './mail-deps.ts'

/** Each change is a kind of its own: many keys that are made leave the notice of a second factor alone. */
export const sendAccessChangedEmail = (deps: MailDeps) =>
  on(accessChanged, 'auth.send-access-changed-email', ({ userId, change }, delivery) => {
    const kind = `${accessChangedEmail.template}.${change}`
    const compose = (user: Addressee) => accessChangedEmail({ user, change, app: deps.app })
    return notify(deps, { kind, userId, compose }, delivery)
  })
