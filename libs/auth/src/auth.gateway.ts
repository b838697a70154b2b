import { mapPage, type Page, type PageRequest } from '@ashlar/core/db'
import type { Clock } from '@ashlar/core/module'
import type { AuthStore } from './auth.store.ts'
import { invalidCredentials, userNotFound } from './auth.errors.ts'
import { LoginBodyWithCode } from './schemas/auth.schema.ts'
import type { AuthService } from './services/auth.service.ts'

/** A user as other modules see one. */
export interface UserDto {
  id: number
  username: string
  email: string
  status: 'active' | 'inactive'
  role: 'user' | 'admin'
  /** Another one after each change of the password: what began before should end. */
  passwordVersion: number
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
   * The active user with these credentials, as typed. Throws `auth.invalid_credentials`, `auth.second_factor_needed` without a `code` where the
   * account has a second factor, `auth.invalid_second_factor`, and 429 after too many failures from this address.
   */
  verifyCredentials(credentials: {
    email: string
    password: string
    code?: string | undefined
    address: string | undefined
  }): Promise<UserDto>
}

export interface AuthGatewayDeps {
  store: AuthStore
  auth: AuthService
  clock: Clock
}

export const createAuthGateway = ({ store, auth, clock }: AuthGatewayDeps): AuthGateway => ({
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
  async verifyCredentials({ address, ...credentials }) {
    const given = LoginBodyWithCode.safeParse(credentials)
    if (!given.success) throw invalidCredentials()
    const client = { address, device: undefined }
    const user = await auth.verifyCredentials(given.data, client)
    const entry = { actorId: user.id, userId: user.id, client, at: clock.now() }
    await store.audit.record({ action: 'logged_in', ...entry })
    return toUserDto(user)
  },
})

const toUserDto = (user: UserDto): UserDto => ({
  id: user.id,
  username: user.username,
  email: user.email,
  status: user.status,
  role: user.role,
  passwordVersion: user.passwordVersion,
})
