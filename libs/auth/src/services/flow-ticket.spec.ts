import { generateKeyPairSync } from 'node:crypto'
import { decode, sign, type JwtPayload } from 'jsonwebtoken'
import { createTestClock } from '@ashlar/core/testing'
import { createFlowTickets } from './flow-ticket.ts'
import { deriveKey } from './signing-key.ts'

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const secret = deriveKey({ privateKey }, 'ashlar sign-in with a provider')
const tickets = createFlowTickets({ signingKeys: [{ privateKey }], clock: createTestClock() })
const ticket = { flow: { code_verifier: 'v', state: 's', nonce: 'n' }, challenge: 'c' }
const text = tickets.write('google', ticket)
const content = decode(text) as JwtPayload

const signed = (over: object) =>
  sign(JSON.stringify({ ...content, ...over }), secret, { header: { alg: 'HS256', typ: 'JWT' } })

describe('the ticket of a sign-in', () => {
  it('is read as it was written, by its own provider', () => {
    expect(tickets.read('google', text)).toEqual(ticket)
    expect(tickets.read('google', signed({}))).toEqual(ticket)
    expect(tickets.read('github', text)).toBeNull()
  })

  it.each([
    ['for several providers', { aud: ['google', 'github'] }],
    ['with a further member', { more: 1 }],
    ['with a further member of its flow', { flow: { ...ticket.flow, more: 1 } }],
    ['that ends at no whole second', { exp: (content.exp ?? 0) - 0.5 }],
    ['without an end', { exp: undefined }],
  ])('is refused %s', (_name, over) => {
    expect(tickets.read('google', signed(over))).toBeNull()
  })

  it('is refused when it is written in another way', () => {
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const last = letters[letters.indexOf(text.slice(-1)) ^ 1] ?? ''
    expect(tickets.read('google', text.slice(0, -1) + last)).toBeNull()
    expect(tickets.read('google', `${text}.AA`)).toBeNull()
    expect(tickets.read('google', '')).toBeNull()
  })
})
