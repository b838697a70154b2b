import { mapPage, type Page, type PageRequest } from '@ashlar/core/db'
import type { Clock } from '@ashlar/core/module'
import type { AuthStore } from './auth.store.ts'
import { invalidCredentials, userNotFound } from './auth.errors.ts'
import type { Client } from './repositories/client.ts'
import { LoginBodyWithCode } from './schemas/auth.schema.ts'
import type { AuthService } from './services/auth.service.ts'
import type { PageSessionService } from './services/page-session.service.ts'

/** A user as other modules see one. */
export interface UserDto {
  id: number
  username: string
  email: string
  status: 'active' | 'inactive'
  role: 'user' | 'admin'
  /** Another one after each change of what a log-in needs, so that a log-in under way can tell. */
  credentialsVersion: number
}

/** What other modules and processes may ask of auth. */
export interface AuthGateway {
  /** Throws `auth.user_not_found` when there is no such user, or no longer. */
  getUser(id: number): Promise<UserDto>
  /** Null when there is no such user, or no longer. */
  findUser(id: number): Promise<UserDto | null>
  /** Those of these ids that exist, in any order: one look-up for a whole list. */
  getUsers(ids: readonly number[]): Promise<UserDto[]>
  /** One page of users. */
  listUsers(list: PageRequest): Promise<Page<UserDto>>
  /**
   * The active user with these credentials, as typed. Throws `auth.invalid_credentials`,
   * `auth.second_factor_needed` without a `code` where the account has a second factor,
   * `auth.invalid_second_factor`, `auth.second_factor_unavailable`, and 429 after too many failures
   * from this address. Begins no session.
   */
  verifyCredentials(
    credentials: { email: string; password: string; code?: string | undefined },
    client: Client,
  ): Promise<UserDto>
  /**
   * Begins a session without tokens, for a user whom `verifyCredentials` found, and returns the
   * secret for a cookie. The session is listed with the others of its user, and ends with them or
   * after `ttlMs`. Throws `auth.invalid_credentials` when the account closed or changed meanwhile.
   *
   * @example
   * const user = await gateway.verifyCredentials({ email, password }, client)
   * const secret = await gateway.startSession(user, { ttlMs: 12 * 3_600_000, client })
   */
  startSession(
    user: Pick<UserDto, 'id' | 'credentialsVersion'>,
    session: { ttlMs: number; client: Client },
  ): Promise<string>
  /** The user of such a session as of now; null when it is over. To be called at each request. */
  findSessionUser(secret: string): Promise<UserDto | null>
  /** The log-out. Quiet about a session that is over. */
  endSession(secret: string, client: Client): Promise<void>
}

export interface AuthGatewayDeps {
  store: AuthStore
  auth: AuthService
  pageSessions: PageSessionService
  clock: Clock
}

export const createAuthGateway = ({
  store,
  auth,
  pageSessions,
  clock,
}: AuthGatewayDeps): AuthGateway => ({
  async findUser(id) {
    const user = await store.users.findById(id)
    return user && toUserDto(user)
  },
  async getUser(id) {
    const user = await store.users.findById(id)
    if (!user) throw userNotFound()
    return toUserDto(user)
  },
  async listUsers(list) {
    return mapPage(await store.users.findPage(list), toUserDto)
  },
  async getUsers(ids) {
    return (await store.users.findByIds(ids)).map(toUserDto)
  },
  async verifyCredentials(credentials, client) {
    const given = LoginBodyWithCode.safeParse(credentials)
    if (!given.success) throw invalidCredentials()
    const user = await auth.verifyCredentials(given.data, client)
    // The caller may still refuse the user, and a guess that was right leaves a trace all the same.
    const entry = { actorId: user.id, userId: user.id, client, at: clock.now() }
    await store.audit.record({ action: 'credentials_verified', ...entry })
    return toUserDto(user)
  },
  startSession: pageSessions.start,
  async findSessionUser(secret) {
    const user = await pageSessions.findUser(secret)
    return user && toUserDto(user)
  },
  endSession: pageSessions.end,
})

const toUserDto = (user: UserDto): UserDto => ({
  id: user.id,
  username: user.username,
  email: user.email,
  status: user.status,
  role: user.role,
  credentialsVersion: user.credentialsVersion,
})
