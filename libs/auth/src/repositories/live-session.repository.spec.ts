import { randomBytes, randomUUID } from 'node:crypto'
import { createTestCore, type TestCore } from '@ashlar/core/testing'
import { createAuthStore } from '../auth.store.ts'
import { createUser } from '../testing/index.ts'
import { createLiveSessionRepository } from './live-session.repository.ts'

let test: TestCore
beforeAll(async () => {
  test = await createTestCore()
})
afterAll(() => test.stop())

async function createSession() {
  const store = createAuthStore(test.core)
  const { user } = await createUser(store)
  const now = new Date()
  const session = await store.sessions.create({
    userId: user.id,
    id: randomUUID(),
    refreshTokenHash: Uint8Array.from(randomBytes(32)),
    client: { device: undefined, address: undefined },
    now,
    expiresAt: new Date(now.getTime() + 60_000),
  })
  return { user, session, now, store }
}

describe('a live session', () => {
  it('comes with its user as Prisma reads it, without what no handler may see', async () => {
    const { user, session, now } = await createSession()
    const found = await createLiveSessionRepository(test.core.database).find(session.id, now)
    const hidden = ['passwordHash', 'credentialsVersion', 'deletedAt']
    const visible = Object.entries(user).filter(([name]) => !hidden.includes(name))
    expect(found).toEqual({
      id: session.id,
      expiresAt: session.expiresAt,
      user: Object.fromEntries(visible),
    })
  })

  it('is none when it ended or expired, when its user was deleted, or when there is none', async () => {
    const { find } = createLiveSessionRepository(test.core.database)
    const [ended, orphan, live] = [
      await createSession(),
      await createSession(),
      await createSession(),
    ]
    await ended.store.sessions.endAllOf(ended.user.id, ended.now)
    await orphan.store.users.removeIf({ id: orphan.user.id })
    const found = await Promise.all([
      find(ended.session.id, ended.now),
      find(orphan.session.id, orphan.now),
      find(live.session.id, live.session.expiresAt),
      find('00000000-0000-7000-8000-000000000000', live.now),
      find(live.session.id, live.now),
    ])
    expect(found.map((each) => each?.id)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      live.session.id,
    ])
  })

  it('is read in one statement with all others of the same turn', async () => {
    const { session, now } = await createSession()
    let statements = 0
    const { find } = createLiveSessionRepository({
      read: (statement, values) => {
        statements += 1
        return test.core.database.read(statement, values)
      },
    })
    const found = await Promise.all(Array.from({ length: 32 }, () => find(session.id, now)))
    expect(found.every((each) => each?.id === session.id)).toBe(true)
    expect(statements).toBe(1)
  })
})
