import type { Express } from 'express'
import type { Core, FeatureModule } from '@ashlar/core/module'
import type { AuthConfig } from './auth.config.ts'
import { authEmails } from './auth.emails.ts'
import { authErrors } from './auth.errors.ts'
import { authEvents } from './auth.events.ts'
import { createAuthGateway, type AuthGateway } from './auth.gateway.ts'
import { authListeners } from './auth.listeners.ts'
import { createAuthStore } from './auth.store.ts'
import { authTasks } from './auth.tasks.ts'
import { createAuthGuards, type AuthGuards } from './guards/auth.guards.ts'
import { mountLinkPages } from './pages/link-pages.ts'
import { signInRoutes } from './providers/sign-in.ts'
import { createLiveApiKeyRepository } from './repositories/live-api-key.repository.ts'
import { createLiveSessionRepository } from './repositories/live-session.repository.ts'
import { apiKeyRoutes } from './routes/api-key.routes.ts'
import { auditRoutes } from './routes/audit.routes.ts'
import { authRoutes } from './routes/auth.routes.ts'
import { jwksRoutes } from './routes/jwks.routes.ts'
import { passwordRoutes } from './routes/password.routes.ts'
import { profileRoutes } from './routes/profile.routes.ts'
import { secondFactorResetRoutes, secondFactorRoutes } from './routes/second-factor.routes.ts'
import { sessionRoutes } from './routes/session.routes.ts'
import { userRoutes } from './routes/user.routes.ts'
import { verificationRoutes } from './routes/verification.routes.ts'
import { createAccessTokens } from './services/access-token.ts'
import { createAccessCheck } from './services/access-check.ts'
import { createAddressees } from './services/addressees.ts'
import { createApiKeyCheck } from './services/api-key-check.ts'
import { createApiKeyService } from './services/api-key.service.ts'
import { createAuthService } from './services/auth.service.ts'
import { createCurrentPassword } from './services/current-password.ts'
import { createEmailVerificationService } from './services/email-verification.service.ts'
import { createLastUse } from './services/last-use.ts'
import { createLimitedMailer } from './services/limited-mailer.ts'
import { createLogIn } from './services/log-in.ts'
import { createLoginLimits } from './services/login-limits.ts'
import { createOneTimeTokens } from './services/one-time-tokens.ts'
import { createPageSessionService } from './services/page-session.service.ts'
import { createPasswordHasher } from './services/password-hasher.ts'
import { createPasswordResetService } from './services/password-reset.service.ts'
import { createProfileService } from './services/profile.service.ts'
import { createRefreshTokens } from './services/refresh-token.ts'
import { createSecondFactor } from './services/second-factor.ts'
import { createSessionService } from './services/session.service.ts'
import { readSigningKeys } from './services/signing-key.ts'
import { createUserService } from './services/user.service.ts'

export interface AuthModule extends FeatureModule<AuthGateway> {
  guards: AuthGuards
}

export interface AuthModuleDeps {
  core: Core
  config: AuthConfig
}

export function createAuthModule({ core, config }: AuthModuleDeps): AuthModule {
  const { clock, log, mailer, rateLimits } = core
  const { appName: name, appUrl: url } = core.config
  const app = { name, url, pagesUrl: config.pagesUrl ?? url }
  const signingKeys = readSigningKeys([config.jwt.privateKey, config.jwt.secondPrivateKey])
  const issuer = config.jwt.issuer ?? app.url
  const { audience } = config.jwt
  const store = createAuthStore(core)
  const passwords = createPasswordHasher(config.passwords)
  const accessTokens = createAccessTokens({ ...config, signingKeys, issuer, audience })
  const refreshTokens = createRefreshTokens(signingKeys)
  const limits = createLoginLimits({ store, rateLimits, clock })
  const currentPasswords = createCurrentPassword({ store, passwords, limits, clock })
  const { gate: secondFactor, service: ownFactor } = createSecondFactor({
    config,
    appName: app.name,
    store,
    currentPasswords,
    rateLimits,
    clock,
    log,
  })
  const auth = createAuthService({ config, store, passwords, limits, secondFactor, clock })
  const tokens = createOneTimeTokens({ store, clock })
  const mails = createLimitedMailer({ store, mailer, clock })
  const addressees = createAddressees(store)
  const passwordReset = createPasswordResetService({ store, passwords, tokens, clock })
  const verification = createEmailVerificationService({ store, tokens, clock })
  const logIn = createLogIn({ config, store })
  const sessions = createSessionService({
    config,
    store,
    logIn,
    accessTokens,
    refreshTokens,
    clock,
  })
  const pageSessions = createPageSessionService({
    store,
    logIn,
    lastUse: createLastUse({ store: store.sessions.noteUse, log }),
    clock,
  })
  const users = createUserService({ store, clock })
  const profile = createProfileService({
    config,
    store,
    passwords,
    currentPasswords,
    rateLimits,
    clock,
  })
  const liveSessions = createLiveSessionRepository(core.database)
  const liveApiKeys = createLiveApiKeyRepository(core.database)
  const guards = createAuthGuards(
    createAccessCheck({ liveSessions, signingKeys, issuer, audience, clock }),
    config.apiKeysEnabled
      ? createApiKeyCheck({
          liveApiKeys,
          lastUse: createLastUse({ store: store.apiKeys.noteUse, log }),
          clock,
        })
      : undefined,
  )
  return {
    name: 'auth',
    routes: [
      authRoutes({ auth, sessions, config }),
      sessionRoutes(sessions, guards),
      passwordRoutes(passwordReset),
      verificationRoutes(verification),
      profileRoutes({ config, guards, profile, users }),
      userRoutes(users, guards),
      auditRoutes(store.audit, guards),
      jwksRoutes(signingKeys),
      ...signInRoutes({
        config,
        appUrl: app.url,
        store,
        signingKeys,
        tokens,
        sessions,
        secondFactor,
        guards,
        clock,
      }),
      ...(ownFactor
        ? [secondFactorRoutes(ownFactor, guards), secondFactorResetRoutes(ownFactor, guards)]
        : []),
      ...(config.apiKeysEnabled
        ? [apiKeyRoutes(createApiKeyService({ store, currentPasswords, clock }), guards)]
        : []),
    ],
    ...(config.pagesUrl === undefined && { mountPages }),
    events: authEvents,
    listeners: authListeners({ store, mails, addressees, app, tokens, config }),
    tasks: authTasks({ config, store, clock }),
    emails: authEmails,
    errors: authErrors,
    gateway: createAuthGateway({ store, auth, pageSessions, clock }),
    guards,
  }

  function mountPages(app: Express): void {
    mountLinkPages(app, {
      appName: name,
      appUrl: url,
      rateLimits,
      log,
      passwordReset,
      verification,
    })
  }
}
