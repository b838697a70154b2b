import type { Routes } from '@ashlar/core/http'
import type { AuthConfig } from '../auth.config.ts'
import type { AuthGuards } from '../guards/auth.guards.ts'
import { identityRoutes } from '../routes/identity.routes.ts'
import { providerRoutes } from '../routes/provider.routes.ts'
import {
  createExternalAccountService,
  type ExternalAccountServiceDeps,
} from '../services/external-account.service.ts'
import { createFlowTickets, type FlowTicketsDeps } from '../services/flow-ticket.ts'
import { createIdentityService } from '../services/identity.service.ts'
import {
  createProviderSignInService,
  type ProviderSignInServiceDeps,
} from '../services/provider-sign-in.service.ts'
import { createGithubProvider } from './github.provider.ts'
import { createGoogleProvider } from './google.provider.ts'

export interface SignInDeps
  extends
    ExternalAccountServiceDeps,
    FlowTicketsDeps,
    Pick<ProviderSignInServiceDeps, 'tokens' | 'sessions' | 'secondFactor'> {
  config: AuthConfig
  appUrl: string
  guards: AuthGuards
}

/** The routes of sign-in with the providers that are switched on; none if none is. */
export function signInRoutes(deps: SignInDeps): Routes[] {
  const { signIn } = deps.config
  if (!signIn) return []
  const { google, github, returnUrl } = signIn
  const providers = [
    ...(google ? [createGoogleProvider({ ...google, callbackUrl: callbackUrlOf('google') })] : []),
    ...(github ? [createGithubProvider({ ...github, callbackUrl: callbackUrlOf('github') })] : []),
  ]
  const service = createProviderSignInService({
    ...deps,
    returnUrl,
    tickets: createFlowTickets(deps),
    accounts: createExternalAccountService(deps),
  })
  return [
    providerRoutes({ providers, signIn: service, callbackUrlOf }),
    identityRoutes(createIdentityService(deps), deps.guards),
  ]

  function callbackUrlOf(provider: string): string {
    return `${deps.appUrl}/api/v1/auth/oauth/${provider}/callback`
  }
}
