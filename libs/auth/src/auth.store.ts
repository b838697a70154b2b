import { createStore, type Store, type StoreDeps } from '@ashlar/core/store'
import {
  createAuditEntryRepository,
  type AuditEntryRepository,
} from './repositories/audit-entry.repository.ts'
import {
  createExternalIdentityRepository,
  type ExternalIdentityRepository,
} from './repositories/external-identity.repository.ts'
import {
  createFirstAdminRepository,
  type FirstAdminRepository,
} from './repositories/first-admin.repository.ts'
import {
  createOneTimeTokenRepository,
  type OneTimeTokenRepository,
} from './repositories/one-time-token.repository.ts'
import {
  createFormerEmailRepository,
  type FormerEmailRepository,
} from './repositories/former-email.repository.ts'
import {
  createMailCountRepository,
  type MailCountRepository,
} from './repositories/mail-count.repository.ts'
import {
  createSessionRepository,
  type SessionRepository,
} from './repositories/session.repository.ts'
import { createApiKeyRepository, type ApiKeyRepository } from './repositories/api-key.repository.ts'
import {
  createSecondFactorRepository,
  type SecondFactorRepository,
} from './repositories/second-factor.repository.ts'
import { createUserRepository, type UserRepository } from './repositories/user.repository.ts'

export type AuthStore = Store<{
  users: UserRepository
  sessions: SessionRepository
  tokens: OneTimeTokenRepository
  identities: ExternalIdentityRepository
  formerEmails: FormerEmailRepository
  mailCounts: MailCountRepository
  secondFactors: SecondFactorRepository
  apiKeys: ApiKeyRepository
  firstAdmin: FirstAdminRepository
  audit: AuditEntryRepository
}>

export const createAuthStore = (deps: StoreDeps): AuthStore =>
  createStore(deps, (tables) => ({
    users: createUserRepository(tables),
    sessions: createSessionRepository(tables),
    tokens: createOneTimeTokenRepository(tables),
    formerEmails: createFormerEmailRepository(tables),
    mailCounts: createMailCountRepository(tables),
    identities: createExternalIdentityRepository(tables),
    secondFactors: createSecondFactorRepository(tables),
    apiKeys: createApiKeyRepository(tables),
    firstAdmin: createFirstAdminRepository(tables),
    audit: createAuditEntryRepository(tables),
  }))
