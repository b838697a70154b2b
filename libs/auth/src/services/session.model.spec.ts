import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { AppError } from '@ashlar/core/errors'
import { createTestClock } from '@ashlar/core/testing'
import type { AuthStore } from '../auth.store.ts'
import { createUser, startAuth, type TestAuth } from '../testing/index.ts'
import { digestOf } from './digest.ts'
import { createRefreshTokens } from './refresh-token.ts'
import { createLogIn } from './log-in.ts'
import { createSessionService } from './session.service.ts'

/** Ten thousand where there is time: SESSION_MODEL_RUNS=10000 npm test -- session.model */
const runs = Number(process.env['SESSION_MODEL_RUNS'] ?? 300)
const atOnce = 4

const graceMs = 10_000
const client = { device: 'model', address: '127.0.0.1' }
const config = { refreshTokenTtlMs: 7 * 86_400_000, refreshGraceMs: graceMs, sessionLimit: 20 }
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const refreshTokens = createRefreshTokens([{ privateKey }])
const accessTokens = { expiresIn: 900, create: () => 'access' }

/** How old a token is: 0 is the good one, 1 its predecessor, and so on. */
type Age = 0 | 1 | 2
/** Where the process dies: before its commit, or after it and before the answer. */
type Crash = 'before commit' | 'after commit' | undefined
type Step =
  | { kind: 'refresh'; age: Age; crash: Crash }
  | { kind: 'log out'; age: Age }
  | { kind: 'end all' }
  | { kind: 'delete' }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('refresh' as const),
      age: fc.constantFrom<Age>(0, 0, 0, 1, 1, 2),
      crash: fc.constantFrom<Crash>(undefined, undefined, 'before commit', 'after commit'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('log out' as const),
      age: fc.constantFrom<Age>(0, 0, 1, 2),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom({ kind: 'end all' as const }, { kind: 'delete' as const }),
  },
)

/** Steps that happen at once, and the time that passes before them. */
const round = fc.record({
  pause: fc.constantFrom(0, 5_000, graceMs + 1),
  steps: fc.array(step, { minLength: 1, maxLength: 4 }),
})

let auth: TestAuth

beforeAll(async () => {
  auth = await startAuth({ DATABASE_POOL_SIZE: '20' })
})
afterAll(() => auth.stop())

it('a family has one successor at a time, ends for good, and is called stolen only when it was', async () => {
  const property = fc.asyncProperty(fc.array(round, { minLength: 1, maxLength: 6 }), playAll)
  const share = { numRuns: Math.ceil(runs / atOnce), endOnFailure: true }
  await Promise.all(Array.from({ length: atOnce }, () => fc.assert(property, share)))
}, 3_600_000)

async function playAll(
  rounds: readonly { pause: number; steps: readonly Step[] }[],
): Promise<void> {
  const family = await startFamily()
  for (const { pause, steps } of rounds) {
    family.clock.advance(pause)
    await play(family, steps)
  }
}

type Family = Awaited<ReturnType<typeof startFamily>>

async function startFamily() {
  const clock = createTestClock(auth.clock.now())
  const { user } = await createFastUser()
  const service = (store: AuthStore) =>
    createSessionService({
      config,
      store,
      logIn: createLogIn({ config, store }),
      accessTokens,
      refreshTokens,
      clock,
    })
  const { refresh_token: first } = await service(auth.store).start(user, client)
  const { id, salt } = (await auth.store.sessions.findFamily(refreshTokens.read(first)!.sessionId))!
  return {
    clock,
    user,
    salt,
    id,
    service,
    tokens: [first],
    ended: false,
    rotatedAt: undefined as number | undefined,
  }
}

/** Hashing is not what is looked at here. */
let password: string | null = null
async function createFastUser() {
  password ??= (await createUser(auth.store)).user.passwordHash
  const name = `model-${Math.random().toString(36).slice(2)}`
  const user = await auth.store.users.create({
    username: name,
    email: `${name}@example.com`,
    passwordHash: password,
  })
  return { user }
}

interface Outcome {
  step: Step
  /** The token that was presented, counted from the first. */
  place: number
  /** The successor, or: refused, crashed, done. */
  answer: string
}

async function play(family: Family, steps: readonly Step[]): Promise<void> {
  const { tokens, clock } = family
  const last = tokens.length - 1
  const wasEnded = family.ended
  const isInGrace =
    family.rotatedAt !== undefined && clock.now().getTime() - family.rotatedAt <= graceMs
  const outcomes = await Promise.all(steps.map((step) => take(family, step)))

  const refreshes = outcomes.filter(({ step }) => step.kind === 'refresh')
  const rotates = refreshes.some(
    ({ place, step }) =>
      place === last && step.kind === 'refresh' && step.crash !== 'before commit',
  )
  // The predecessor becomes a grandparent when somebody else rotates in the same round.
  const certainTheft = ({ place }: Outcome) =>
    place < last - 1 || (place === last - 1 && !isInGrace)
  const possibleTheft = (outcome: Outcome) =>
    certainTheft(outcome) || (outcome.place === last - 1 && rotates)
  // A process that dies in its first transaction does not come to judge.
  const isJudged = ({ step }: Outcome) => step.kind === 'refresh' && step.crash === undefined
  const enders = outcomes.filter(
    ({ step, place }) =>
      step.kind === 'end all' ||
      step.kind === 'delete' ||
      (step.kind === 'log out' && (place === last || (place === last - 1 && isInGrace))),
  )
  // Of a log-out with the predecessor, a rotation in the same round decides.
  const certainEnders = enders.filter(
    ({ step, place }) => step.kind !== 'log out' || place === last,
  )
  const mayEnd = enders.length > 0 || refreshes.some(possibleTheft)
  const mustEnd =
    certainEnders.length > 0 || refreshes.some((each) => certainTheft(each) && isJudged(each))

  const successor = refreshTokens.successorsOf(tokens[last]!, family)[0]
  for (const { place, answer } of refreshes) {
    if (answer === 'refused' || answer === 'crashed') continue
    expect(wasEnded).toBe(false)
    expect(answer).toBe(place === last ? successor.token : tokens[last])
    expect(place).toBeGreaterThanOrEqual(last - 1)
  }
  if (!wasEnded && !mayEnd) for (const { answer } of refreshes) expect(answer).not.toBe('refused')

  const row = await auth.core.database.client.session.findUniqueOrThrow({
    where: { id: family.id },
  })
  if (wasEnded || mustEnd) expect(row.endedAt).not.toBeNull()
  if (!wasEnded && !mayEnd) expect(row.endedAt).toBeNull()
  family.ended = row.endedAt !== null
  const isRotated = same(row.refreshTokenHash, successor.hash)
  expect(isRotated || same(row.refreshTokenHash, digestOf(tokens[last]!))).toBe(true)
  if (isRotated) {
    tokens.push(successor.token)
    family.rotatedAt = row.rotatedAt?.getTime()
  }
  if (!wasEnded && !mayEnd) expect(isRotated).toBe(rotates)

  const stolen = await auth.core.database.client.outboxEvent.count({
    where: {
      name: 'auth.session-reused',
      payload: { equals: { userId: family.user.id, sessionId: family.id } },
    },
  })
  expect(stolen).toBeLessThanOrEqual(1)
  if (!refreshes.some(possibleTheft) && !wasEnded) expect(stolen).toBe(0)
  if (!wasEnded && mustEnd && enders.length === 0) expect(stolen).toBe(1)
}

async function take(family: Family, step: Step): Promise<Outcome> {
  const { tokens, service } = family
  const place = Math.max(0, tokens.length - 1 - ('age' in step ? step.age : 0))
  const token = tokens[place]!
  if (step.kind === 'refresh') {
    const sessions = service(step.crash ? crashing(auth.store, step.crash) : auth.store)
    const answer = await sessions.refresh(token, client).then(
      ({ refresh_token: next }) => next,
      (error: unknown) => {
        if (error instanceof AppError && error.code === 'auth.invalid_refresh_token')
          return 'refused'
        if (error instanceof Crashed) return 'crashed'
        throw error
      },
    )
    return { step, place, answer }
  }
  if (step.kind === 'log out') await service(auth.store).logOut(token, client)
  else await endAll(family, step.kind)
  return { step, place, answer: 'done' }
}

/** As a reset of the password does, or the end of the account. */
async function endAll({ user, clock }: Family, kind: 'end all' | 'delete'): Promise<void> {
  const ending = auth.store.transaction(async (store) => {
    if (kind === 'delete') await store.users.removeIf({ id: user.id })
    await store.sessions.endAllOf(user.id, clock.now())
  })
  // Of two deletions at once, one finds nobody.
  await ending.catch((error: unknown) => {
    if (!(error instanceof AppError && error.kind === 'not_found')) throw error
  })
}

class Crashed extends Error {}

/**
 * A store whose process dies in every change: nothing of it happened, or all of it did and nobody
 * was told.
 */
function crashing(store: AuthStore, crash: Exclude<Crash, undefined>): AuthStore {
  return {
    ...store,
    sessions: { ...store.sessions, rotate },
    transaction: async (work, options) => {
      const result = await store.transaction(async (inner) => {
        const result = await work(inner)
        if (crash === 'before commit') throw new Crashed()
        return result
      }, options)
      if (crash === 'after commit') throw new Crashed()
      return result
    },
  }

  async function rotate(...rotation: Parameters<typeof store.sessions.rotate>): Promise<never> {
    if (crash === 'before commit') throw new Crashed()
    await store.sessions.rotate(...rotation)
    throw new Crashed()
  }
}

const same = (a: Uint8Array | null, b: Uint8Array): boolean =>
  a !== null && Buffer.compare(a, b) === 0
