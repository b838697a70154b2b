import { createPasswordHasher, type HashingLimits } from './password-hasher.ts'

const limits: HashingLimits = { memoryKib: 19_456, passes: 2, lanes: 1, atOnce: 2, queue: 100 }
const passwords = createPasswordHasher(limits)

describe('a password', () => {
  it('is stored as Argon2id with 19 MiB and 2 passes, salted each time anew', async () => {
    const [one, other] = await Promise.all([passwords.hash('granite'), passwords.hash('granite')])
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    expect(one).not.toBe(other)
  })

  it('matches its own hash, no other, and never a missing one', async () => {
    const hash = await passwords.hash('granite')
    expect(await passwords.verify(hash, 'granite')).toBe(true)
    expect(await passwords.verify(hash, 'slate')).toBe(false)
    expect(await passwords.verify(undefined, 'granite')).toBe(false)
    expect(await passwords.verify(undefined, '')).toBe(false)
  })

  it('is not cut: the last of 128 characters of four bytes counts', async () => {
    const hash = await passwords.hash(`${'😀'.repeat(127)}a`)
    expect(await passwords.verify(hash, `${'😀'.repeat(127)}a`)).toBe(true)
    expect(await passwords.verify(hash, `${'😀'.repeat(127)}b`)).toBe(false)
  })

  it.each([['memoryKib', 8_192] as const, ['passes', 3] as const, ['lanes', 2] as const])(
    'is hashed anew when %s is another',
    async (name, value) => {
      const before = createPasswordHasher({ ...limits, [name]: value })
      const hash = await before.hash('granite')
      const renewed = await passwords.renew(hash, 'granite')
      expect(renewed).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
      expect(await passwords.verify(renewed, 'granite')).toBe(true)
      expect(await passwords.renew(renewed ?? '', 'granite')).toBeUndefined()
    },
  )

  it('waits with its new hash while others wait for theirs', async () => {
    const old = await createPasswordHasher({ ...limits, passes: 1 }).hash('granite')
    const others = [1, 2, 3].map(() => passwords.hash('slate'))
    expect(await passwords.renew(old, 'granite')).toBeUndefined()
    await Promise.all(others)
    expect(await passwords.renew(old, 'granite')).toBeDefined()
  })
})

describe('too many passwords at once', () => {
  it('are refused at once, while those before them are checked', async () => {
    const small = createPasswordHasher({ ...limits, memoryKib: 128, queue: 3 })
    const hash = await small.hash('granite')
    const checks = Array.from({ length: 8 }, () => small.verify(hash, 'granite'))
    const results = await Promise.allSettled(checks)
    expect(results.map(({ status }) => status)).toEqual([
      ...Array<string>(5).fill('fulfilled'),
      ...Array<string>(3).fill('rejected'),
    ])
    expect(results.at(-1)).toMatchObject({
      reason: { kind: 'unavailable', code: 'auth.overloaded', retryAfterSeconds: 2 },
    })
    expect(await small.verify(hash, 'granite')).toBe(true)
  })
})
