import type { Page, PageRequest } from '@ashlar/core/db'
import type { Clock } from '@ashlar/core/module'
import type { AuthConfig } from '../auth.config.ts'
import { invalidRefreshToken, sessionNotFound } from '../auth.errors.ts'
import type { AuthStore } from '../auth.store.ts'
import { sessionReused } from '../events/session-reused.event.ts'
import type { Authenticated } from '../guards/auth.guards.ts'
import type { Client } from '../repositories/client.ts'
import type { Session, SessionWithUser } from '../repositories/session.repository.ts'
import type { ProvenUser } from '../repositories/user.repository.ts'
import type { TokenAnswer } from '../schemas/auth.schema.ts'
import type { AccessTokens } from './access-token.ts'
import { entryOf, type LogIn } from './log-in.ts'
import type { PresentedToken, RefreshTokens } from './refresh-token.ts'
import { createSessionId } from './session-id.ts'

export interface SessionServiceDeps {
  config: Pick<AuthConfig, 'refreshTokenTtlMs' | 'refreshGraceMs'>
  store: AuthStore
  logIn: LogIn
  accessTokens: AccessTokens
  refreshTokens: RefreshTokens
  clock: Clock
}

export type SessionService = ReturnType<typeof createSessionService>

/** Sessions are families of refresh tokens: each is exchanged once for its successor. */
export function createSessionService(deps: SessionServiceDeps) {
  const { config, store, logIn, accessTokens, refreshTokens, clock } = deps
  return { start, refresh, logOut, findPageOf, end, endOthers }

  /** Signs in a user who just proved to be one. Refuses if it was changed or the account closed meanwhile. */
  async function start(user: ProvenUser, client: Client): Promise<TokenAnswer> {
    const now = clock.now()
    const id = createSessionId()
    const { token, hash } = refreshTokens.create(id)
    const key = { id, refreshTokenHash: hash }
    const ttlMs = config.refreshTokenTtlMs
    return answer(await logIn.begin(user, { key, client, now, ttlMs }), token, now)
  }

  /**
   * Exchanges a refresh token for its successor. The token that was exchanged last gets the same successor again for a short grace, because an
   * answer may get lost and a browser may have two tabs. Any older one was stolen, from here or to here: the family ends.
   */
  async function refresh(token: string, client: Client): Promise<TokenAnswer> {
    const now = clock.now()
    const presented = refreshTokens.read(token)
    if (!presented) throw invalidRefreshToken()
    const session = await findUsable(presented, now)
    const [successor] = refreshTokens.successorsOf(token, session)
    const rotated = await store.sessions.rotate({
      id: session.id,
      from: presented.hash,
      to: successor.hash,
      client,
      now,
      expiresAt: expiryFrom(now),
    })
    if (rotated) return answer(session, successor.token, now)
    return repeat(presented, client, now)
  }

  /**
   * A token that is not the good one: exchanged by the same client a moment ago, stolen, or made
   * up.
   */
  async function repeat(
    presented: PresentedToken,
    client: Client,
    now: Date,
  ): Promise<TokenAnswer> {
    const session = await findUsable(presented, now)
    const successor = refreshTokens
      .successorsOf(presented.token, session)
      .find((candidate) => equal(candidate.hash, session.refreshTokenHash))
    if (successor && isInGrace(session, presented.hash, now))
      return answer(session, successor.token, now)
    if (wasExchanged(session, presented)) await endStolen(session, client, now)
    throw invalidRefreshToken()
  }

  /** The session that a refresh token names. It need not know the token. */
  async function findUsable({ sessionId }: PresentedToken, now: Date): Promise<SessionWithUser> {
    const session = await store.sessions.findFamily(sessionId)
    if (!session || !isUsable(session, now)) throw invalidRefreshToken()
    return session
  }

  function endStolen(session: Session, client: Client, now: Date): Promise<void> {
    const { id, userId } = session
    return store.transaction(async (store) => {
      // Once: whoever comes second finds it ended.
      if (!(await store.sessions.end(session, now))) return
      await store.events.publish(sessionReused, { userId, sessionId: id })
      // Who it was is not known: the owner or the thief.
      const entry = { ...entryOf(session), actorId: undefined }
      await store.audit.record({ action: 'refresh_token_reused', ...entry, client, at: now })
    })
  }

  /** Quiet about a token that opens nothing any more. */
  async function logOut(token: string, client: Client): Promise<void> {
    const now = clock.now()
    const presented = refreshTokens.read(token)
    const session = presented && (await store.sessions.findFamily(presented.sessionId))
    if (!session) return
    const { hash } = presented
    if (!equal(hash, session.refreshTokenHash) && !isInGrace(session, hash, now)) return
    await store.transaction(async (store) => {
      if (await store.sessions.end(session, now))
        await store.audit.record({ action: 'logged_out', ...entryOf(session), client, at: now })
    })
  }

  function findPageOf(userId: number, list: PageRequest): Promise<Page<Session>> {
    return store.sessions.findLivePageOf(userId, list, clock.now())
  }

  function end(id: string, userId: number, client: Client): Promise<void> {
    const at = clock.now()
    const session = { id, userId }
    return store.transaction(async (store) => {
      if (!(await store.sessions.end(session, at))) throw sessionNotFound()
      await store.audit.record({ action: 'session_ended', ...entryOf(session), client, at })
    })
  }

  function endOthers({ user, sessionId }: Authenticated, client: Client): Promise<void> {
    const at = clock.now()
    const kept = { id: sessionId, userId: user.id }
    return store.transaction(async (store) => {
      await store.sessions.endAllBut(sessionId, user.id, at)
      await store.audit.record({ action: 'other_sessions_ended', ...entryOf(kept), client, at })
    })
  }

  function isInGrace(session: Session, hash: Uint8Array, now: Date): boolean {
    const { previousTokenHash, rotatedAt } = session
    const sinceMs = now.getTime() - (rotatedAt?.getTime() ?? 0)
    return equal(hash, previousTokenHash) && sinceMs <= config.refreshGraceMs
  }

  function expiryFrom(now: Date): Date {
    return new Date(now.getTime() + config.refreshTokenTtlMs)
  }

  function answer({ id, userId }: Session, refreshToken: string, now: Date): TokenAnswer {
    return {
      access_token: accessTokens.create({ userId, sessionId: id, now }),
      refresh_token: refreshToken,
      token_type: 'Bearer',
      expires_in: accessTokens.expiresIn,
    }
  }
}

const isUsable = ({ endedAt, expiresAt, user }: SessionWithUser, now: Date): boolean =>
  endedAt === null && expiresAt > now && user.status === 'active'

/**
 * The tag proves it of any token. Of the direct predecessor the digest does, also when the key of
 * its tag is gone.
 */
const wasExchanged = (session: Session, { hash, wasIssued }: PresentedToken): boolean =>
  wasIssued || equal(hash, session.previousTokenHash)

const equal = (a: Uint8Array, b: Uint8Array | null): boolean =>
  b !== null && Buffer.compare(a, b) === 0
