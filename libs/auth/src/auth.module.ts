import type { Core, FeatureModule } from '@ashlar/core/module'
import type { AuthConfig } from './auth.config.ts'
import { authErrors } from './auth.errors.ts'
import { createAuthGateway, type AuthGateway } from './auth.gateway.ts'
import { createAuthStore } from './auth.store.ts'
import { sessionReused } from './events/session-reused.event.ts'
import { userDeleted } from './events/user-deleted.event.ts'
import { userRegistered } from './events/user-registered.event.ts'
import { createAuthGuards, type AuthGuards } from './guards/auth.guards.ts'
import { sendWelcomeEmail } from './listeners/send-welcome-email.listener.ts'
import { authRoutes } from './routes/auth.routes.ts'
import { profileRoutes } from './routes/profile.routes.ts'
import { createAccessTokens } from './services/access-token.ts'
import { createAccessTokenStrategy } from './services/access-token.strategy.ts'
import { createAuthService } from './services/auth.service.ts'
import { createPasswordHasher } from './services/password-hasher.ts'
import { readSigningKey } from './services/signing-key.ts'
import { createRefreshTokens } from './services/refresh-token.ts'
import { createSessionService } from './services/session.service.ts'
import { purgeExpiredSessionsTask } from './tasks/purge-expired-sessions.task.ts'

export interface AuthModule extends FeatureModule<AuthGateway> {
  guards: AuthGuards
}

export interface AuthModuleDeps {
  core: Core
  config: AuthConfig
}

export function createAuthModule({ core, config }: AuthModuleDeps): AuthModule {
  const { clock, mailer } = core
  const app = { name: core.config.appName, url: core.config.appUrl }
  const signingKey = readSigningKey(config.jwt.privateKey)
  const issuer = config.jwt.issuer ?? app.url
  const { audience } = config.jwt
  const store = createAuthStore(core)
  const passwords = createPasswordHasher()
  const accessTokens = createAccessTokens({ ...config, signingKey, issuer, audience })
  const refreshTokens = createRefreshTokens([signingKey])
  const auth = createAuthService({ config, store, passwords })
  const sessions = createSessionService({ config, store, accessTokens, refreshTokens, clock })
  const guards = createAuthGuards(
    createAccessTokenStrategy({ store, signingKey, issuer, audience, clock }),
  )
  return {
    name: 'auth',
    routes: [authRoutes(auth, sessions), profileRoutes(guards)],
    events: [userRegistered, userDeleted, sessionReused],
    listeners: [sendWelcomeEmail({ store, mailer, app })],
    tasks: [purgeExpiredSessionsTask(store, clock)],
    errors: authErrors,
    gateway: createAuthGateway(store, auth),
    guards,
  }
}
