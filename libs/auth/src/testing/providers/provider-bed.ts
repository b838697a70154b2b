import { randomBytes, randomInt } from 'node:crypto'
import request from 'supertest'
import type { Environment } from '@ashlar/core/config'
import { startAuth } from '../start-auth.ts'
import { appUrl, createBrowser, createPkce } from './browser.ts'
import { startGithub, type GithubAccount } from './start-github.ts'
import { startOpenIdProvider, type OpenIdAccount } from './start-open-id-provider.ts'

export type ProviderBed = Awaited<ReturnType<typeof startProviderBed>>
type Provider = 'google' | 'github'

export const returnUrl = 'http://localhost:4000/signed-in'

export const callbackOf = (provider: Provider): string =>
  `${appUrl}/api/v1/auth/oauth/${provider}/callback`

/** The auth module between two providers, and the ways of a browser through all three. */
export async function startProviderBed(environment: Environment = {}) {
  const google = await startOpenIdProvider(callbackOf('google'))
  const github = await startGithub()
  const auth = await startAuth({
    APP_URL: appUrl,
    AUTH_GOOGLE_CLIENT_ID: google.clientId,
    AUTH_GOOGLE_CLIENT_SECRET: google.clientSecret,
    AUTH_GOOGLE_ISSUER: google.issuer,
    AUTH_GITHUB_CLIENT_ID: github.clientId,
    AUTH_GITHUB_CLIENT_SECRET: github.clientSecret,
    AUTH_GITHUB_URL: github.url,
    AUTH_GITHUB_API_URL: github.url,
    AUTH_OAUTH_RETURN_URL: returnUrl,
    ...environment,
  })
  return { auth, google, github, reach, arrive, exchange, signInWith, stop }

  /** A browser that began, and the address with which the provider sends it back. */
  async function reach(provider: Provider, { tamper = (url: string) => url } = {}) {
    const browser = createBrowser(auth.url)
    const pkce = createPkce()
    const start = await browser.visit(
      `${appUrl}/api/v1/auth/oauth/${provider}?code_challenge=${pkce.challenge}`,
    )
    const location = start.headers.get('location') ?? ''
    const callback = await browser.travel(tamper(location), callbackOf(provider))
    return { browser, pkce, start, callback }
  }

  /** The whole way of a browser: the last answer, and what the page got of it. */
  async function arrive(provider: Provider) {
    const { browser, pkce, callback } = await reach(provider)
    const answer = await browser.visit(callback)
    const code = codeOf(answer)
    return { answer, code, verifier: pkce.verifier }
  }

  function exchange(code: string, verifier: string, secondFactorCode?: string) {
    const body = { code, code_verifier: verifier, second_factor_code: secondFactorCode }
    return request(auth.url).post('/api/v1/auth/oauth/token').send(body)
  }

  async function signInWith(provider: Provider) {
    const { code, verifier } = await arrive(provider)
    const { body } = await exchange(code, verifier).expect(200)
    return { authorization: `Bearer ${(body as { access_token: string }).access_token}` }
  }

  async function stop(): Promise<void> {
    await auth.stop()
    await github.stop()
    await google.stop()
  }
}

const codeOf = (answer: Response): string =>
  new URL(answer.headers.get('location') ?? returnUrl).searchParams.get('code') ?? ''

/** Status and code of a refusal. */
export const problemOf = async (answer: Response): Promise<[number, string]> => [
  answer.status,
  ((await answer.json()) as { code: string }).code,
]

export const word = () => randomBytes(5).toString('hex')

export function googleAccount(values: Partial<OpenIdAccount> = {}): OpenIdAccount {
  const name = `mason-${word()}`
  return { sub: word(), email: `${name}@example.com`, email_verified: true, name, ...values }
}

export function githubAccount(values: Partial<GithubAccount> = {}): GithubAccount {
  const login = `mason-${word()}`
  const emails = [{ email: `${login}@example.com`, verified: true, primary: true }]
  return { id: randomInt(1, 1e9), login, emails, ...values }
}
