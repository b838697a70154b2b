import type { AuthConfig } from '../auth.config.ts'
import { invalidCredentials } from '../auth.errors.ts'
import type { AuthStore } from '../auth.store.ts'
import type { Client } from '../repositories/client.ts'
import type { Session, SessionKey } from '../repositories/session.repository.ts'
import type { ProvenUser } from '../repositories/user.repository.ts'

export interface LogInDeps {
  config: Pick<AuthConfig, 'sessionLimit'>
  store: AuthStore
}

interface NewLogIn {
  key: SessionKey
  client: Client
  now: Date
  ttlMs: number
}

export type LogIn = ReturnType<typeof createLogIn>

/** The one way to a session, for clients with tokens and for pages with a cookie. */
export function createLogIn({ config, store }: LogInDeps) {
  return { begin }

  /**
   * Throws `auth.invalid_credentials` when the account closed or its credentials changed meanwhile.
   */
  async function begin(user: ProvenUser, { key, client, now, ttlMs }: NewLogIn): Promise<Session> {
    const userId = user.id
    const session = await store.transaction(async (store) => {
      if (!(await store.users.noteLogin(user, now))) return null
      const expiresAt = new Date(now.getTime() + ttlMs)
      const session = await store.sessions.create({ userId, ...key, client, now, expiresAt })
      const surplus = await store.sessions.endOldest(userId, config.sessionLimit, now)
      await store.audit.record({ action: 'logged_in', ...entryOf(session), client, at: now })
      for (const id of surplus) {
        const entry = entryOf({ id, userId })
        await store.audit.record({ action: 'session_ended', ...entry, client, at: now })
      }
      return session
    })
    if (session) return session
    await store.audit.record({ action: 'login_failed', userId, client, at: now })
    throw invalidCredentials()
  }
}

/** Something that the owner of a session did with it, for the audit trail. */
export const entryOf = ({ id, userId }: Pick<Session, 'id' | 'userId'>) => ({
  actorId: userId,
  userId,
  details: { sessionId: id },
})
