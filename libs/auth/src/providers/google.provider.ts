import {
  allowInsecureRequests,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  randomNonce,
  randomState,
} from 'openid-client'
import { Strategy } from 'openid-client/passport'
import { z } from 'zod'
import type { ClientCredentials } from '../auth.provider-config.ts'
import { AppError } from '@ashlar/core/errors'
import { providerUnavailable } from '../auth.errors.ts'
import type { SignInProvider } from './provider.ts'
import { providerFetch } from './provider-fetch.ts'
import { finishFlow, passTokens, sessionKey, startFlow } from './run-strategy.ts'

export interface GoogleOptions extends ClientCredentials {
  issuer: string
  callbackUrl: string
}

/** Claims of the ID token that count here (OpenID Connect Core §5.1). */
const Claims = z.object({
  sub: z.string().min(1).max(255),
  email: z.string().optional(),
  email_verified: z.boolean().optional(),
  /** Domain of the Google Workspace that manages the account. */
  hd: z.string().min(1).optional(),
  name: z.string().optional(),
})

/**
 * Google hosts the mailboxes of gmail.com and of a Workspace. Of another address it knows that it
 * was verified once, and its owner may have changed since:
 * https://developers.google.com/identity/account-linking/oauth-with-sign-in-linking
 */
const isAuthoritative = ({ email = '', hd }: z.infer<typeof Claims>): boolean =>
  hd !== undefined || email.toLowerCase().endsWith('@gmail.com')

/** Sign-in over OpenID Connect: authorization code with PKCE, state and nonce, and an ID token whose signature is checked. */
export function createGoogleProvider(options: GoogleOptions): SignInProvider {
  let discovered: Promise<Strategy> | undefined
  return { name: 'google', title: 'Google', begin, finish }

  async function begin() {
    return startFlow(await strategy())
  }

  async function finish(callback: URLSearchParams, flow: Parameters<SignInProvider['finish']>[1]) {
    const tokens = await finishFlow(await strategy(), flow, callback)
    const given = Claims.safeParse(tokens.claims())
    if (!given.success)
      throw providerUnavailable({
        cause: new Error('The claims of the ID token have an unknown form.'),
        retryAfterSeconds: 30,
      })
    const claims = given.data
    return {
      subject: claims.sub,
      verifiedEmail: claims.email_verified === true ? claims.email : undefined,
      linksByEmail: isAuthoritative(claims),
      name: claims.name,
    }
  }

  /** Asked for at the first sign-in, so that the process starts without the provider, and again after a failure. */
  function strategy(): Promise<Strategy> {
    discovered ??= discover(options).catch((error: unknown) => {
      discovered = undefined
      throw error instanceof AppError
        ? error
        : providerUnavailable({ cause: error, retryAfterSeconds: 30 })
    })
    return discovered
  }
}

async function discover(options: GoogleOptions): Promise<Strategy> {
  const { issuer, clientId, clientSecret, callbackUrl } = options
  const execute = [enableNonRepudiationChecks]
  if (issuer.startsWith('http:')) execute.push(allowInsecureRequests)
  const config = await discovery(new URL(issuer), clientId, clientSecret, undefined, {
    execute,
    [customFetch]: providerFetch,
  }).catch(rethrowOwn)
  return Object.assign(
    new Strategy(
      {
        config,
        name: 'google',
        sessionKey,
        callbackURL: callbackUrl,
        scope: 'openid email profile',
      },
      passTokens,
    ),
    { authorizationRequestParams: () => ({ state: randomState(), nonce: randomNonce() }) },
  )
}

/** The problem that openid-client wrapped. */
function rethrowOwn(error: unknown): never {
  throw error instanceof Error && error.cause instanceof AppError ? error.cause : error
}
