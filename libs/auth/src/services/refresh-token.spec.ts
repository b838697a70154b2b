import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createUser, startAuth, type TestAuth } from '../testing/index.ts'
import { createLogIn } from './log-in.ts'
import { createRefreshTokens } from './refresh-token.ts'
import { createSessionId } from './session-id.ts'
import { createSessionService, type SessionService } from './session.service.ts'

const client = { device: 'spec', address: '127.0.0.1' }
const config = { refreshTokenTtlMs: 7 * 86_400_000, refreshGraceMs: 10_000, sessionLimit: 20 }
const newKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })
const refused = { code: 'auth.invalid_refresh_token' }
let auth: TestAuth

beforeAll(async () => {
  auth = await startAuth()
})
afterAll(() => auth.stop())

/** The service of a process that has these signing keys. */
function serviceWith(...keys: ReturnType<typeof newKey>[]): SessionService {
  const { store, clock } = auth
  return createSessionService({
    config,
    store,
    logIn: createLogIn({ config, store }),
    accessTokens: { expiresIn: 900, create: () => 'access' },
    refreshTokens: createRefreshTokens(keys),
    clock,
  })
}

async function start(sessions: SessionService): Promise<string> {
  const { user } = await createUser(auth.store)
  return (await sessions.start(user, client)).refresh_token
}

const exchange = async (sessions: SessionService, token: string) =>
  (await sessions.refresh(token, client)).refresh_token

const thefts = () =>
  auth.core.database.client.outboxEvent.count({ where: { name: 'auth.session-reused' } })

/** The same bytes but those from `from` on, which are other ones. */
function forge(token: string, from: number, to: number): string {
  const bytes = Buffer.from(token, 'base64url')
  randomBytes(to - from).copy(bytes, from)
  return bytes.toString('base64url')
}

/** Its last character has four bits that mean nothing. */
const twinOf = (token: string) =>
  token.slice(0, -1) + String.fromCharCode(token.charCodeAt(token.length - 1) + 1)

describe('a refresh token that nobody issued', () => {
  it.each([
    ['with another tag', (token: string) => forge(token, 48, 64)],
    ['with another secret', (token: string) => forge(token, 16, 48)],
    ['with a secret and a tag that were made up', (token: string) => forge(token, 16, 64)],
    ['in another spelling of the same bytes', twinOf],
    ['with padding', (token: string) => `${token}==`],
    ['with something behind it', (token: string) => `${token}A`],
    ['of 32 bytes', () => randomBytes(32).toString('base64url')],
    [
      'made with another key',
      (token: string) => {
        const sessionId = createRefreshTokens([]).read(token)!.sessionId
        return createRefreshTokens([newKey()]).create(sessionId).token
      },
    ],
  ])('%s is refused and ends no session', async (_name, change) => {
    const sessions = serviceWith(newKey())
    const first = await start(sessions)
    const second = await exchange(sessions, first)
    auth.clock.advance(11_000)
    const before = await thefts()
    for (const token of [change(first), change(second)]) {
      await expect(sessions.refresh(token, client)).rejects.toMatchObject(refused)
      await sessions.logOut(token, client)
    }
    expect(await thefts()).toBe(before)
    await exchange(sessions, second)
  })

  it('is refused for the id of no session, and of a session of a page', async () => {
    const key = newKey()
    const { user } = await createUser(auth.store)
    const now = auth.clock.now()
    const expiresAt = new Date(now.getTime() + 1_000)
    const cookieHash = randomBytes(32)
    const values = { userId: user.id, cookieHash, client, now, expiresAt }
    const page = await auth.store.sessions.create(values)
    const before = await thefts()
    for (const id of [createSessionId(), page.id]) {
      const { token } = createRefreshTokens([key]).create(id)
      await expect(serviceWith(key).refresh(token, client)).rejects.toMatchObject(refused)
    }
    expect(await thefts()).toBe(before)
    expect(await auth.store.sessions.findLiveByCookie(cookieHash, now)).not.toBeNull()
  })
})

describe('refresh tokens and a rotation of the signing key', () => {
  it('an old token is theft with whichever live key it was made', async () => {
    const [old, next] = [newKey(), newKey()]
    const first = await start(serviceWith(old))
    const sessions = serviceWith(next, old)
    const third = await exchange(sessions, await exchange(sessions, first))
    const before = await thefts()
    await expect(sessions.refresh(first, client)).rejects.toMatchObject(refused)
    await expect(sessions.refresh(third, client)).rejects.toMatchObject(refused)
    expect(await thefts()).toBe(before + 1)
  })

  it('a session lives on when its key is gone, and its direct predecessor is still told', async () => {
    const first = await start(serviceWith(newKey()))
    const sessions = serviceWith(newKey())
    const second = await exchange(sessions, first)
    auth.clock.advance(11_000)
    const before = await thefts()
    await expect(sessions.refresh(first, client)).rejects.toMatchObject(refused)
    await expect(sessions.refresh(second, client)).rejects.toMatchObject(refused)
    expect(await thefts()).toBe(before + 1)
  })

  it('an older token whose key is gone is refused, and ends nothing', async () => {
    const first = await start(serviceWith(newKey()))
    const sessions = serviceWith(newKey())
    const third = await exchange(sessions, await exchange(sessions, first))
    const before = await thefts()
    await expect(sessions.refresh(first, client)).rejects.toMatchObject(refused)
    await exchange(sessions, third)
    expect(await thefts()).toBe(before)
  })
})

it('a refresh leaves no row behind, and an old token is told after any number of them', async () => {
  const sessions = serviceWith(newKey())
  const first = await start(sessions)
  let token = await exchange(sessions, first)
  const before = await countRows()
  for (let count = 0; count < 20; count += 1) token = await exchange(sessions, token)
  expect(await countRows()).toBe(before)
  await expect(sessions.refresh(first, client)).rejects.toMatchObject(refused)
  await expect(sessions.refresh(token, client)).rejects.toMatchObject(refused)
})

it('the id of a session is a UUID of version 7', () => {
  const from = Date.now()
  const id = createSessionId()
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  const time = Number.parseInt(id.replace('-', '').slice(0, 12), 16)
  expect(time).toBeGreaterThanOrEqual(from)
  expect(time).toBeLessThanOrEqual(Date.now())
})

/** Counts the rows of all tables. */
async function countRows(): Promise<number> {
  const { pool } = auth.core.database
  const { rows: tables } = await pool.query<{ name: string }>(
    `SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public'`,
  )
  const counts = tables.map(({ name }) => `(SELECT count(*) FROM ${name})`)
  const { rows } = await pool.query<{ count: number }>(
    `SELECT (${counts.join(' + ')})::int AS count`,
  )
  return rows[0]?.count ?? 0
}
