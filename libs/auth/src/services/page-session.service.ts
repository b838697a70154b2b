import { randomBytes } from 'node:crypto'
import type { Clock } from '@ashlar/core/module'
import type { AuthStore } from '../auth.store.ts'
import type { Client } from '../repositories/client.ts'
import type { ProvenUser, User } from '../repositories/user.repository.ts'
import { digestOf } from './digest.ts'
import type { LastUse } from './last-use.ts'
import { entryOf, type LogIn } from './log-in.ts'

export interface PageSessionServiceDeps {
  store: AuthStore
  logIn: LogIn
  lastUse: LastUse
  clock: Clock
}

export type PageSessionService = ReturnType<typeof createPageSessionService>

/** Sessions of pages: a secret in a cookie, and neither access nor refresh tokens. */
export function createPageSessionService(deps: PageSessionServiceDeps) {
  const { store, logIn, lastUse, clock } = deps
  return { start, findUser, end }

  /** The secret for the cookie: 256 random bits. Only its digest is stored. */
  async function start(
    user: ProvenUser,
    { ttlMs, client }: { ttlMs: number; client: Client },
  ): Promise<string> {
    const secret = randomBytes(32).toString('base64url')
    const key = { cookieHash: digestOf(secret) }
    await logIn.begin(user, { key, client, now: clock.now(), ttlMs })
    return secret
  }

  /** The user as the database has it now. Null when the session is over, or the user is gone. */
  async function findUser(secret: string): Promise<User | null> {
    const now = clock.now()
    const session = await store.sessions.findLiveByCookie(digestOf(secret), now)
    if (!session) return null
    lastUse.note(session, now)
    return session.user
  }

  /** Quiet about a secret that opens nothing any more. */
  async function end(secret: string, client: Client): Promise<void> {
    const at = clock.now()
    const session = await store.sessions.findLiveByCookie(digestOf(secret), at)
    if (!session) return
    await store.transaction(async (store) => {
      if (await store.sessions.end(session, at))
        await store.audit.record({ action: 'logged_out', ...entryOf(session), client, at })
    })
  }
}
