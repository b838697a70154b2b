import type { Core, FeatureModule } from '@ashlar/core/module'
import type { AuthConfig } from './auth.config.ts'
import { authEmails } from './auth.emails.ts'
import { authErrors } from './auth.errors.ts'
import { createAuthGateway, type AuthGateway } from './auth.gateway.ts'
import { createAuthStore } from './auth.store.ts'
import { authEvents } from './auth.events.ts'
import { createAuthGuards, type AuthGuards } from './guards/auth.guards.ts'
import { sendEmailChangeEmail } from './listeners/send-email-change-email.listener.ts'
import { sendPasswordChangedEmail } from './listeners/send-password-changed-email.listener.ts'
import { sendPasswordResetEmail } from './listeners/send-password-reset-email.listener.ts'
import { sendSessionReusedEmail } from './listeners/send-session-reused-email.listener.ts'
import { sendVerificationEmail } from './listeners/send-verification-email.listener.ts'
import { sendWelcomeEmail } from './listeners/send-welcome-email.listener.ts'
import { createLiveSessionRepository } from './repositories/live-session.repository.ts'
import { auditRoutes } from './routes/audit.routes.ts'
import { signInRoutes } from './providers/sign-in.ts'
import { authRoutes } from './routes/auth.routes.ts'
import { jwksRoutes } from './routes/jwks.routes.ts'
import { passwordRoutes } from './routes/password.routes.ts'
import { profileRoutes } from './routes/profile.routes.ts'
import { sessionRoutes } from './routes/session.routes.ts'
import { userRoutes } from './routes/user.routes.ts'
import { verificationRoutes } from './routes/verification.routes.ts'
import { createAccessTokens } from './services/access-token.ts'
import { createAccessTokenStrategy } from './services/access-token.strategy.ts'
import { createAuthService } from './services/auth.service.ts'
import { createEmailVerificationService } from './services/email-verification.service.ts'
import { createLoginLimits } from './services/login-limits.ts'
import { createOneTimeTokens } from './services/one-time-tokens.ts'
import { createPasswordResetService } from './services/password-reset.service.ts'
import { createProfileService } from './services/profile.service.ts'
import { createUserService } from './services/user.service.ts'
import { createPasswordHasher } from './services/password-hasher.ts'
import { readSigningKeys } from './services/signing-key.ts'
import { createRefreshTokens } from './services/refresh-token.ts'
import { createSessionService } from './services/session.service.ts'
import { purgeAuditTrailTask } from './tasks/purge-audit-trail.task.ts'
import { purgeExpiredSessionsTask } from './tasks/purge-expired-sessions.task.ts'

export interface AuthModule extends FeatureModule<AuthGateway> {
  guards: AuthGuards
}

export interface AuthModuleDeps {
  core: Core
  config: AuthConfig
}

export function createAuthModule({ core, config }: AuthModuleDeps): AuthModule {
  const { clock, mailer, rateLimits } = core
  const app = { name: core.config.appName, url: core.config.appUrl }
  const signingKeys = readSigningKeys(config.jwt.privateKey, config.jwt.secondPrivateKey)
  const [signingKey] = signingKeys
  const issuer = config.jwt.issuer ?? app.url
  const { audience } = config.jwt
  const store = createAuthStore(core)
  const passwords = createPasswordHasher(config.passwords)
  const accessTokens = createAccessTokens({ ...config, signingKey, issuer, audience })
  const refreshTokens = createRefreshTokens(signingKeys)
  const limits = createLoginLimits({ store, rateLimits, clock })
  const auth = createAuthService({ config, store, passwords, limits, clock })
  const tokens = createOneTimeTokens({ store, clock })
  const passwordReset = createPasswordResetService({ store, passwords, tokens, clock })
  const verification = createEmailVerificationService({ store, tokens, clock })
  const mails = { store, mailer, app }
  const sessions = createSessionService({ config, store, accessTokens, refreshTokens, clock })
  const users = createUserService({ store, clock })
  const profile = createProfileService({ store, passwords, limits, clock })
  const liveSessions = createLiveSessionRepository(core.database)
  const guards = createAuthGuards(
    createAccessTokenStrategy({ liveSessions, signingKeys, issuer, audience, clock }),
  )
  return {
    name: 'auth',
    routes: [
      authRoutes(auth, sessions),
      sessionRoutes(sessions, guards),
      passwordRoutes(passwordReset),
      verificationRoutes(verification),
      profileRoutes({ guards, profile, users }),
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
        guards,
        clock,
      }),
    ],
    events: authEvents,
    listeners: [
      sendWelcomeEmail(mails),
      ...sendVerificationEmail({ ...mails, tokens, config }),
      sendPasswordResetEmail({ ...mails, tokens, config }),
      sendPasswordChangedEmail(mails),
      sendEmailChangeEmail(mails),
      sendSessionReusedEmail(mails),
    ],
    tasks: [purgeExpiredSessionsTask(store, clock), purgeAuditTrailTask({ config, store, clock })],
    emails: authEmails,
    errors: authErrors,
    gateway: createAuthGateway({ store, auth, clock }),
    guards,
  }
}
