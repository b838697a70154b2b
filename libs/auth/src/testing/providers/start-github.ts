import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface GithubAccount {
  id: number
  login: string
  emails: { email: string; verified: boolean; primary: boolean }[]
}

export interface TestGithub {
  url: string
  clientId: string
  clientSecret: string
  /** Who logs in there from now on. */
  be(account: GithubAccount): void
  /** How its token endpoint and its API answer from now on. */
  behave(behaviour: 'well' | 'broken' | 'silent' | 'endless'): void
  stop(): Promise<void>
}

/** The endpoints of GitHub that a sign-in meets, as its documentation describes them. */
export async function startGithub(): Promise<TestGithub> {
  const clientId = 'test-github-client'
  const clientSecret = randomBytes(32).toString('base64url')
  const codes = new Map<string, { challenge: string; redirectUri: string }>()
  const tokens = new Set<string>()
  let account: GithubAccount = { id: 0, login: '', emails: [] }
  let behaviour: 'well' | 'broken' | 'silent' | 'endless' = 'well'
  const server = createServer((request, response) => void answer(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, clientId, clientSecret, be, behave, stop }

  function be(next: GithubAccount): void {
    account = next
  }

  function behave(next: typeof behaviour): void {
    behaviour = next
  }

  async function stop(): Promise<void> {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', url)
    if (pathname === '/login/oauth/authorize') return authorize(searchParams, response)
    if (behaviour === 'silent') return
    if (behaviour === 'broken') return json(response, 502, {})
    if (behaviour === 'endless') return json(response, 200, { padding: 'x'.repeat(1_000_000) })
    if (pathname === '/login/oauth/access_token')
      return exchange(new URLSearchParams(await text(request)), response)
    const [, token = ''] = (request.headers.authorization ?? '').split('Bearer ')
    if (!tokens.has(token) || !request.headers['user-agent']) return json(response, 401, {})
    if (pathname === '/user') return json(response, 200, { id: account.id, login: account.login })
    if (pathname === '/user/emails') return json(response, 200, account.emails)
    json(response, 404, {})
  }

  function authorize(given: URLSearchParams, response: ServerResponse): void {
    const redirectUri = given.get('redirect_uri') ?? ''
    const isKnown = given.get('client_id') === clientId && given.get('response_type') === 'code'
    if (!isKnown || given.get('code_challenge_method') !== 'S256') return json(response, 404, {})
    const code = randomBytes(10).toString('hex')
    codes.set(code, { challenge: given.get('code_challenge') ?? '', redirectUri })
    const target = new URL(redirectUri)
    target.searchParams.set('code', code)
    target.searchParams.set('state', given.get('state') ?? '')
    response.writeHead(302, { location: target.href }).end()
  }

  /** Errors are 200 there. */
  function exchange(given: URLSearchParams, response: ServerResponse): void {
    const code = given.get('code') ?? ''
    const known = codes.get(code)
    codes.delete(code)
    if (given.get('client_id') !== clientId || given.get('client_secret') !== clientSecret)
      return json(response, 200, { error: 'incorrect_client_credentials' })
    const verifier = given.get('code_verifier') ?? ''
    const challenge = createHash('sha256').update(verifier).digest('base64url')
    if (known?.challenge !== challenge || known.redirectUri !== given.get('redirect_uri'))
      return json(response, 200, { error: 'bad_verification_code' })
    const token = `gho_${randomBytes(18).toString('hex')}`
    tokens.add(token)
    json(response, 200, {
      access_token: token,
      scope: 'read:user,user:email',
      token_type: 'bearer',
    })
  }
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
  response.end(JSON.stringify(body))
}
