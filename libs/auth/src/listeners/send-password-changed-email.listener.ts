import { on } from '@ashlar/core/events'
import { passwordChangedEmail } from '../emails/password-changed.email.ts'
import { passwordChanged } from '../events/password-changed.event.ts'
import type { Addressee } from '../services/addressees.ts'
import type { MailDeps } from './mail-deps.ts'
import { notify } from './notify.ts'

export const sendPasswordChangedEmail = (deps: MailDeps) =>
  on(passwordChanged, 'auth.send-password-changed-email', ({ userId }, delivery) => {
    const kind = passwordChangedEmail.template
    const compose = (user: Addressee) => passwordChangedEmail({ user, app: deps.app })
    return notify(deps, { kind, userId, compose }, delivery)
  })
