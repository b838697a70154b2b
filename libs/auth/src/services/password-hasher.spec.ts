import { createPasswordHasher } from './password-hasher.ts'

const passwords = createPasswordHasher()

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

  it('is checked as long where there is no account, from the first time on', async () => {
    const hash = await passwords.hash('granite')
    const timeOf = async (stored: string | undefined) => {
      const fresh = createPasswordHasher()
      const begun = process.hrtime.bigint()
      await fresh.verify(stored, 'slate')
      return Number(process.hrtime.bigint() - begun)
    }
    const known: number[] = []
    const unknown: number[] = []
    for (let round = 0; round < 15; round += 1) {
      known.push(await timeOf(hash))
      unknown.push(await timeOf(undefined))
    }
    const ratio = median(unknown) / median(known)
    expect(ratio).toBeGreaterThan(0.5)
    expect(ratio).toBeLessThan(1.6)
  })
})

describe('too many passwords at once', () => {
  it('are refused at once, while those before them are checked', async () => {
    const hash = await passwords.hash('granite')
    const checks = Array.from({ length: 110 }, () => passwords.verify(hash, 'granite'))
    const results = await Promise.allSettled(checks)
    const refused = results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason as unknown] : [],
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(102)
    expect(refused).toHaveLength(8)
    for (const reason of refused)
      expect(reason).toMatchObject({
        kind: 'unavailable',
        code: 'auth.overloaded',
        retryAfterSeconds: 2,
      })
    expect(await passwords.verify(hash, 'granite')).toBe(true)
  })
})

const median = (values: number[]) =>
  values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] as number
