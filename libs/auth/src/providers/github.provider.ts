import { allowInsecureRequests, Configuration, customFetch, randomState } from 'openid-client'
import { Strategy } from 'openid-client/passport'
import { z } from 'zod'
import { providerUnavailable } from '../auth.errors.ts'
import type { ClientCredentials } from '../auth.provider-config.ts'
import type { ExternalProfile, Flow, SignInProvider } from './provider.ts'
import { providerFetch } from './provider-fetch.ts'
import { finishFlow, passTokens, sessionKey, startFlow } from './run-strategy.ts'

export interface GithubOptions extends ClientCredentials {
  /** Where people log in. */
  url: string
  apiUrl: string
  callbackUrl: string
}

/** https://docs.github.com/rest/users/users#get-the-authenticated-user */
const Account = z.object({ id: z.int().positive(), login: z.string() })

/** https://docs.github.com/rest/users/emails#list-email-addresses-for-the-authenticated-user */
const Emails = z.array(z.object({ email: z.string(), verified: z.boolean(), primary: z.boolean() }))

/** Sign-in over OAuth 2 with PKCE and state. GitHub has no ID token, so its API is asked who it was; the access token is then forgotten. */
export function createGithubProvider(options: GithubOptions): SignInProvider {
  const strategy = createStrategy(options)
  return { name: 'github', title: 'GitHub', begin: () => startFlow(strategy), finish }

  async function finish(callback: URLSearchParams, flow: Flow): Promise<ExternalProfile> {
    const { access_token: token } = await finishFlow(strategy, flow, callback)
    const [account, emails] = await Promise.all([
      ask('/user', Account, token),
      ask('/user/emails', Emails, token),
    ])
    return {
      subject: String(account.id),
      verifiedEmail: emails.find(({ primary, verified }) => primary && verified)?.email,
      // GitHub hosts no mailboxes: its owner received a mail there once, as with our own check.
      linksByEmail: true,
      name: account.login,
    }
  }

  async function ask<T>(path: string, schema: z.ZodType<T>, token: string): Promise<T> {
    const answer = await providerFetch(options.apiUrl + path, {
      headers: {
        accept: 'application/vnd.github+json',
        authorization: `Bearer ${token}`,
        // GitHub refuses requests without a name.
        'user-agent': 'ashlar',
        'x-github-api-version': '2022-11-28',
      },
    })
    const body: unknown = await answer.json().catch(() => undefined)
    const result = schema.safeParse(body)
    if (answer.ok && result.success) return result.data
    const cause = new Error(`${path} of GitHub answered ${answer.status}, or in an unknown form.`)
    throw providerUnavailable({ cause, retryAfterSeconds: 30 })
  }
}

function createStrategy({ url, clientId, clientSecret, callbackUrl }: GithubOptions): Strategy {
  const config = new Configuration(
    {
      issuer: url,
      authorization_endpoint: `${url}/login/oauth/authorize`,
      token_endpoint: `${url}/login/oauth/access_token`,
      code_challenge_methods_supported: ['S256'],
    },
    clientId,
    clientSecret,
  )
  config[customFetch] = providerFetch
  if (url.startsWith('http:')) allowInsecureRequests(config)
  return Object.assign(
    new Strategy(
      {
        config,
        name: 'github',
        sessionKey,
        callbackURL: callbackUrl,
        scope: 'read:user user:email',
      },
      passTokens,
    ),
    { authorizationRequestParams: () => ({ state: randomState() }) },
  )
}
