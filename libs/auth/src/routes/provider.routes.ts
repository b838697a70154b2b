import { z } from 'zod'
import { createRoutes } from '@ashlar/core/http'
import {
  accountEmailUnverified,
  accountNotLinked,
  inactiveUser,
  invalidCredentials,
  invalidSecondFactor,
  invalidToken,
  providerEmailUnverified,
  providerUnavailable,
  registrationDisabled,
  secondFactorNeeded,
  secondFactorUnavailable,
  signInDenied,
  signInFailed,
} from '../auth.errors.ts'
import { limits } from '../auth.limits.ts'
import type { SignInProvider } from '../providers/provider.ts'
import { TokenAnswer } from '../schemas/auth.schema.ts'
import { ProviderCallback, ProviderStart, ProviderTokenBody } from '../schemas/provider.schema.ts'
import type { ProviderSignInService } from '../services/provider-sign-in.service.ts'
import { clientOf } from './client.ts'
import { createTicketCookie } from './ticket-cookie.ts'

export interface ProviderRoutesDeps {
  /** Those that are switched on. Others have no routes. */
  providers: readonly SignInProvider[]
  signIn: ProviderSignInService
  callbackUrlOf: (provider: string) => string
}

export function providerRoutes({ providers, signIn, callbackUrlOf }: ProviderRoutesDeps) {
  const routes = createRoutes({
    prefix: '/auth/oauth',
    tag: 'Sign-in with providers',
    description: 'For browsers: an account elsewhere opens one here.',
  })
  for (const provider of providers) declare(provider)

  routes.post(
    '/token',
    {
      summary: 'Exchange the code of a sign-in for tokens',
      description:
        'A code is good for a minute, once, and only with the code_verifier of its page.',
      limit: limits.providerToken,
      body: ProviderTokenBody,
      response: TokenAnswer,
      envelope: false,
      noStore: true,
      errors: [
        invalidToken,
        invalidCredentials,
        secondFactorNeeded,
        invalidSecondFactor,
        secondFactorUnavailable,
      ],
    },
    ({ body, request }) => signIn.exchange(body, clientOf(request)),
  )

  return routes

  function declare(provider: SignInProvider): void {
    const cookie = createTicketCookie(callbackUrlOf(provider.name), provider.name)

    routes.get(
      `/${provider.name}`,
      {
        summary: `Sign in with ${provider.title}`,
        description: 'A page sends the browser here, not a fetch.',
        limit: limits.providerStart,
        query: ProviderStart,
        response: z.url(),
        redirect: true,
        noStore: true,
        errors: [providerUnavailable],
      },
      async ({ query, request }) => {
        const { location, ticket } = await signIn.begin(provider, query.code_challenge)
        cookie.set(request, ticket)
        return location
      },
    )

    routes.get(
      `/${provider.name}/callback`,
      {
        summary: `Return from ${provider.title}`,
        description: `${provider.title} sends the browser here. It goes on to AUTH_OAUTH_RETURN_URL with a code.`,
        limit: limits.providerCallback,
        query: ProviderCallback,
        response: z.url(),
        redirect: true,
        noStore: true,
        errors: [
          signInFailed,
          signInDenied,
          registrationDisabled,
          inactiveUser,
          providerEmailUnverified,
          accountEmailUnverified,
          accountNotLinked,
          providerUnavailable,
        ],
      },
      ({ query, request }) =>
        signIn.finish(provider, {
          ticket: cookie.take(request),
          callback: toParameters(query),
          client: clientOf(request),
        }),
    )
  }
}

const toParameters = (query: ProviderCallback): URLSearchParams =>
  new URLSearchParams(Object.entries(query).filter(([, value]) => value !== undefined))
