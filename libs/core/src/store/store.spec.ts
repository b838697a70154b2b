import { connect } from 'node:net'
import { z } from 'zod'
import { defineEvent } from '../events/index.ts'
import { createTestCore, type TestCore } from '../../testing/index.ts'
import { createStore, type Store } from './index.ts'

const stoneCut = defineEvent('stones.stone-cut', z.object({ stone: z.string() }))

let test: TestCore
let wakes: number
let committedAtWake: Promise<number>[]
let store: Store<{ users: ReturnType<typeof createUsers> }>

beforeAll(async () => {
  test = await createTestCore()
})
afterAll(() => test.stop())
beforeEach(async () => {
  const { database } = test.core
  await database.pool.query('TRUNCATE "user", outbox_event CASCADE')
  wakes = 0
  committedAtWake = []
  const wake = () => {
    wakes += 1
    committedAtWake.push(countEvents())
  }
  store = createStore({ database, outboxNotifier: { wake } }, (tables) => ({
    users: createUsers(tables.user),
  }))
})

function createUsers(user: TestCore['core']['database']['client']['user']) {
  return {
    create: (name: string) =>
      user.create({
        data: { username: name, email: `${name}@example.com`, passwordHash: 'none' },
      }),
  }
}

async function countEvents(): Promise<number> {
  return test.core.database.client.outboxEvent.count()
}
async function countUsers(): Promise<number> {
  return test.core.database.client.user.count()
}

describe('a transaction of a store', () => {
  it('writes rows and events together, and wakes the relay after the commit', async () => {
    const user = await store.transaction(async (store) => {
      const user = await store.users.create('ada')
      await store.events.publish(stoneCut, { stone: 'granite' })
      expect([await countUsers(), await countEvents(), wakes]).toEqual([0, 0, 0])
      return user
    })
    expect(user.username).toBe('ada')
    expect([await countUsers(), await countEvents(), wakes]).toEqual([1, 1, 1])
    expect(await committedAtWake[0]).toBe(1)
  })

  it('leaves neither row nor event when it throws, and throws the same', async () => {
    const failure = new Error('no')
    const failing = store.transaction(async (store) => {
      await store.users.create('ada')
      await store.events.publish(stoneCut, { stone: 'granite' })
      throw failure
    })
    await expect(failing).rejects.toBe(failure)
    expect([await countUsers(), await countEvents(), wakes]).toEqual([0, 0, 0])
  })

  it('wakes nobody when it published nothing', async () => {
    await store.transaction((store) => store.users.create('ada'))
    expect([await countUsers(), wakes]).toEqual([1, 0])
  })

  it('is joined by the same call inside', async () => {
    const failing = store.transaction(async (store) => {
      await store.transaction(async (store) => {
        await store.users.create('ada')
        await store.events.publish(stoneCut, { stone: 'granite' })
      })
      expect([await countUsers(), wakes]).toEqual([0, 0])
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect([await countUsers(), await countEvents(), wakes]).toEqual([0, 0, 0])
  })

  it('refuses an event whose payload breaks its schema, and rolls back', async () => {
    const failing = store.transaction(async (store) => {
      await store.users.create('ada')
      await store.events.publish(stoneCut, { stone: 1 } as never)
    })
    await expect(failing).rejects.toThrow()
    expect([await countUsers(), await countEvents(), wakes]).toEqual([0, 0, 0])
  })

  it('tells a database error in its own words, and leaves the errors of others alone', async () => {
    await store.users.create('ada')
    await expect(store.transaction((store) => store.users.create('ada'))).rejects.toMatchObject({
      code: 'request.value_taken',
    })
    const elsewhere = () =>
      new Promise<never>((_resolve, reject) => connect(1, '127.0.0.1').once('error', reject))
    await expect(store.transaction(elsewhere)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('tells a commit that fails in the same words, and wakes nobody', async () => {
    await test.core.database.pool.query(`
      CREATE FUNCTION refuse_at_commit() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'taken' USING ERRCODE = 'unique_violation'; END $$;
      CREATE CONSTRAINT TRIGGER refuse_at_commit AFTER INSERT ON "user"
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_at_commit()`)
    const failing = store.transaction(async (store) => {
      await store.users.create('ada')
      await store.events.publish(stoneCut, { stone: 'granite' })
    })
    await expect(failing).rejects.toMatchObject({ code: 'request.value_taken' })
    expect([await countUsers(), await countEvents(), wakes]).toEqual([0, 0, 0])
    await test.core.database.pool.query('DROP FUNCTION refuse_at_commit CASCADE')
  })
})

it('a store without a transaction publishes at once, and wakes the relay', async () => {
  await store.events.publish(stoneCut, { stone: 'granite' })
  expect([await countEvents(), wakes]).toEqual([1, 1])
})
