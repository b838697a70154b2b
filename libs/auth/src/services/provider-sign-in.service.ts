import { createHash } from 'node:crypto'
import { invalidToken, signInDenied, signInFailed } from '../auth.errors.ts'
import type { AuthStore } from '../auth.store.ts'
import type { SignInProvider } from '../providers/provider.ts'
import type { Client } from '../repositories/client.ts'
import type { ProviderTokenBody } from '../schemas/provider.schema.ts'
import type { TokenAnswer } from '../schemas/auth.schema.ts'
import type { ExternalAccountService } from './external-account.service.ts'
import type { FlowTickets } from './flow-ticket.ts'
import type { OneTimeTokens } from './one-time-tokens.ts'
import type { SecondFactorGate } from './second-factor-check.ts'
import type { SessionService } from './session.service.ts'

export interface ProviderSignInServiceDeps {
  /** Page of the application that gets the code. */
  returnUrl: string
  store: AuthStore
  tickets: FlowTickets
  accounts: ExternalAccountService
  tokens: OneTimeTokens
  sessions: Pick<SessionService, 'start'>
  secondFactor: SecondFactorGate
}

export type ProviderSignInService = ReturnType<typeof createProviderSignInService>

/** What a browser comes back with. */
interface Return {
  ticket: string | undefined
  callback: URLSearchParams
  client: Client
}

/** A page gets its code and uses it at once. */
const codeTtlMs = 60_000

export function createProviderSignInService(deps: ProviderSignInServiceDeps) {
  const { returnUrl, store, tickets, accounts, tokens, sessions, secondFactor } = deps
  return { begin, finish, exchange }

  /** Where the browser goes, and the ticket that it keeps meanwhile. */
  async function begin(
    provider: SignInProvider,
    challenge: string,
  ): Promise<{ location: string; ticket: string }> {
    const { location, flow } = await provider.begin()
    return { location, ticket: tickets.write(provider.name, { flow, challenge }) }
  }

  /** Where the browser goes with its code, for which only the page that began gets the tokens. */
  async function finish(
    provider: SignInProvider,
    { ticket: text, callback, client }: Return,
  ): Promise<string> {
    const ticket = text === undefined ? null : tickets.read(provider.name, text)
    if (ticket?.flow.state !== callback.get('state')) throw signInFailed()
    if (callback.has('error')) throw signInDenied()
    const profile = await provider.finish(callback, ticket.flow)
    const { id: userId, email } = await accounts.find(provider.name, profile, client)
    const boundTo = ticket.challenge
    const code = await tokens.issue('sign_in', { userId, email, ttlMs: codeTtlMs, boundTo })
    const target = new URL(returnUrl)
    target.searchParams.set('code', code)
    return target.href
  }

  async function exchange(
    { code, code_verifier: verifier, second_factor_code: secondCode }: ProviderTokenBody,
    client: Client,
  ): Promise<TokenAnswer> {
    const { id, user } = await tokens.find('sign_in', code, challengeOf(verifier))
    // First, so that the code is still good for the request that brings what was missing.
    await secondFactor.assert(user, secondCode, client)
    if (!(await store.tokens.take({ id }))) throw invalidToken()
    return sessions.start(user, client)
  }
}

/** S256 of RFC 7636 §4.2. */
const challengeOf = (verifier: string): string =>
  createHash('sha256').update(verifier).digest('base64url')
