import { createRoutes } from '@ashlar/core/http'
import type { AuthConfig } from '../auth.config.ts'
import {
  emailTaken,
  hashingOverloaded,
  invalidCredentials,
  invalidRefreshToken,
  invalidSecondFactor,
  registrationDisabled,
  secondFactorNeeded,
  secondFactorUnavailable,
  usernameTaken,
} from '../auth.errors.ts'
import { limits } from '../auth.limits.ts'
import {
  LoginBody,
  LoginBodyWithCode,
  PasswordForm,
  PasswordFormWithCode,
  RefreshTokenBody,
  RegisterBody,
  TokenAnswer,
} from '../schemas/auth.schema.ts'
import { FullUser } from '../schemas/user.schema.ts'
import type { AuthService } from '../services/auth.service.ts'
import type { SessionService } from '../services/session.service.ts'
import { clientOf } from './client.ts'
import { toFullUser } from './user.presenter.ts'

export interface AuthRoutesDeps {
  auth: AuthService
  sessions: SessionService
  config: Pick<AuthConfig, 'registrationQuiet' | 'totpKeys' | 'secondFactorIgnored'>
}

export function authRoutes({ auth, sessions, config }: AuthRoutesDeps) {
  const hasSecondFactor = config.totpKeys !== undefined
  const routes = createRoutes({
    prefix: '/auth',
    tag: 'Authentication',
    description: 'Accounts and their sessions: register, log in, stay logged in, recover.',
  })

  if (config.registrationQuiet) declareQuietRegistration()
  else declareRegistration()

  routes.post(
    '/login',
    {
      summary: 'Log in with e-mail and password',
      limit: limits.login,
      body: hasSecondFactor
        ? { json: LoginBodyWithCode, form: PasswordFormWithCode }
        : { json: LoginBody, form: PasswordForm },
      response: TokenAnswer,
      envelope: false,
      noStore: true,
      tokenEndpoint: true,
      errors: [
        invalidCredentials,
        hashingOverloaded,
        ...(hasSecondFactor ? [secondFactorNeeded, invalidSecondFactor] : []),
        ...(config.secondFactorIgnored ? [] : [secondFactorUnavailable]),
      ],
    },
    async ({ body, request }) => {
      const client = clientOf(request)
      return sessions.start(await auth.verifyCredentials(body, client), client)
    },
  )

  routes.post(
    '/refresh-token',
    {
      summary: 'Exchange a refresh token for its successor',
      limit: limits.refreshToken,
      body: RefreshTokenBody,
      response: TokenAnswer,
      envelope: false,
      noStore: true,
      errors: [invalidRefreshToken],
    },
    ({ body, request }) => sessions.refresh(body.refresh_token, clientOf(request)),
  )

  routes.post(
    '/logout',
    { summary: 'End the session of a refresh token', body: RefreshTokenBody },
    ({ body, request }) => sessions.logOut(body.refresh_token, clientOf(request)),
  )

  return routes

  function declareRegistration(): void {
    routes.post(
      '/register',
      {
        summary: 'Register an account',
        limit: limits.register,
        policy: auth.assertOpen,
        body: RegisterBody,
        response: FullUser,
        status: 201,
        location: (user) => `/users/${user.id}`,
        idempotent: true,
        errors: [registrationDisabled, emailTaken, usernameTaken, hashingOverloaded],
      },
      async ({ body, request, once }) =>
        toFullUser(await auth.register(body, clientOf(request), once.of(toFullUser))),
    )
  }

  function declareQuietRegistration(): void {
    routes.post(
      '/register',
      {
        summary: 'Register an account',
        description:
          'Answers the same whether the e-mail address is taken or not; a mail tells its owner more. The account counts when the address is verified.',
        limit: limits.register,
        policy: auth.assertOpen,
        body: RegisterBody,
        status: 202,
        idempotent: true,
        errors: [registrationDisabled, usernameTaken, hashingOverloaded],
      },
      ({ body, request, once }) => auth.registerQuietly(body, clientOf(request), once),
    )
  }
}
