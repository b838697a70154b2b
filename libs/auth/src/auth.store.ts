import { createStore, type Store, type StoreDeps } from '@ashlar/core/store'
import {
  createOneTimeTokenRepository,
  type OneTimeTokenRepository,
} from './repositories/one-time-token.repository.ts'
import {
  createSessionRepository,
  type SessionRepository,
} from './repositories/session.repository.ts'
import { createUserRepository, type UserRepository } from './repositories/user.repository.ts'

export type AuthStore = Store<{
  users: UserRepository
  sessions: SessionRepository
  tokens: OneTimeTokenRepository
}>

export const createAuthStore = (deps: StoreDeps): AuthStore =>
  createStore(deps, (tables) => ({
    users: createUserRepository(tables),
    sessions: createSessionRepository(tables),
    tokens: createOneTimeTokenRepository(tables),
  }))
