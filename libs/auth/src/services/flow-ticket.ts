import type { KeyObject } from 'node:crypto'
import { sign, verify } from 'jsonwebtoken'
import { z } from 'zod'
import type { Clock } from '@ashlar/core/module'
import type { Flow } from '../providers/provider.ts'
import { readCanonicalJwt } from './jwt-form.ts'
import { deriveKey, firstKeyOf } from './signing-key.ts'

export interface FlowTicketsDeps {
  signingKeys: readonly { privateKey: KeyObject }[]
  clock: Clock
}

/** What a browser keeps while it is at the provider. */
export interface Ticket {
  flow: Flow
  /** Digest of what the page of the application knows, and must show to get its tokens (RFC 7636 §4.2). */
  challenge: string
}

export type FlowTickets = ReturnType<typeof createFlowTickets>

/** A person has to log in at the provider meanwhile, maybe to find a second factor. */
export const ticketTtlMs = 10 * 60_000

const Content = z.strictObject({
  flow: z.strictObject({
    code_verifier: z.string(),
    state: z.string(),
    nonce: z.string().optional(),
  }),
  challenge: z.string(),
  aud: z.string(),
  iat: z.int(),
  exp: z.int(),
})

/** Signed, so that any replica takes what another gave and nobody makes one up. */
export function createFlowTickets({ signingKeys, clock }: FlowTicketsDeps) {
  const keys = signingKeys.map((key) => deriveKey(key, 'ashlar sign-in with a provider'))
  return { write, read }

  function write(provider: string, { flow, challenge }: Ticket): string {
    const iat = Math.floor(clock.now().getTime() / 1_000)
    const content = { flow, challenge, aud: provider, iat, exp: iat + ticketTtlMs / 1_000 }
    return sign(content, firstKeyOf(keys), { algorithm: 'HS256' })
  }

  /** Null for what is forged, expired, or of another provider. */
  function read(provider: string, text: string): Ticket | null {
    if (!readCanonicalJwt(text)) return null
    for (const key of keys) {
      const ticket = open(key, provider, text)
      if (ticket) return ticket
    }
    return null
  }

  function open(key: Buffer, provider: string, text: string): Ticket | null {
    try {
      const clockTimestamp = Math.floor(clock.now().getTime() / 1_000)
      const options = { algorithms: ['HS256' as const], audience: provider, clockTimestamp }
      const { flow, challenge } = Content.parse(verify(text, key, options))
      const { nonce, ...rest } = flow
      return { flow: { ...rest, ...(nonce !== undefined && { nonce }) }, challenge }
    } catch {
      return null
    }
  }
}
