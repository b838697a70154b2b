import { describeSecret, isTotpCode, newTotpSecret, stepOfCode, totpUri } from './totp.ts'

/** RFC 6238, Appendix B: the secret of its vectors for SHA-1, whose last six digits are ours. */
const secret = Uint8Array.from(Buffer.from('12345678901234567890'))

it.each([
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_111_111_111, '050471'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
])('the code at second %d is %s, as RFC 6238 says', (second, code) => {
  expect(stepOfCode(secret, code, new Date(second * 1_000))).toBe(Math.floor(second / 30))
})

it('a code of the step before or after counts for that step, and one of any other for none', () => {
  const at = (second: number) => stepOfCode(secret, '050471', new Date(second * 1_000))
  const step = Math.floor(1_111_111_111 / 30)
  expect([-31, -1, 29, 59].map((later) => at(step * 30 + later))).toEqual([
    undefined,
    step,
    step,
    step,
  ])
  expect(at(step * 30 + 60)).toBeUndefined()
})

it('only six digits are a code', () => {
  for (const text of ['', '12345', '1234567', '12345a', '١٢٣٤٥٦'])
    expect(isTotpCode(text)).toBe(false)
  expect(isTotpCode('012345')).toBe(true)
})

it('a new secret has 160 random bits, and its address tells it to an app', () => {
  const fresh = newTotpSecret()
  expect(fresh).toHaveLength(20)
  expect(fresh).not.toEqual(newTotpSecret())
  expect(describeSecret(secret)).toBe('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ')
  const uri = totpUri(secret, { issuer: 'Ashlar & Sons', account: 'a:b@example.com' })
  expect(uri).toContain('secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ')
  expect(new URL(uri).searchParams.get('issuer')).toBe('Ashlar & Sons')
})
