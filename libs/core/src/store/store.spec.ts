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
  store = createStore({ ...test.core, outboxNotifier: { wake } }, (tables) => ({
    users: createUsers(tables.user),
  }))
})

function createUsers(user: TestCore['core']['database']['client']['user']) {
  return {
    create: (name: string) =>
      user.create({
        data: { username: name, email: `${name}@example.com`, passwordHash: 'none' },
      }),
    list: () => user.findMany(),
    touch: (id: number) => user.update({ where: { id }, data: { updatedAt: new Date() } }),
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
    let followed = false
    const failing = store.transaction(async (store) => {
      store.afterCommit(() => (followed = true), { evenIfUnknown: true })
      await store.users.create('ada')
      await store.events.publish(stoneCut, { stone: 'granite' })
    })
    await expect(failing).rejects.toMatchObject({ code: 'request.value_taken' })
    expect(followed).toBe(false)
    expect([await countUsers(), await countEvents(), wakes]).toEqual([0, 0, 0])
    await test.core.database.pool.query('DROP FUNCTION refuse_at_commit CASCADE')
  })
})

it('a store without a transaction publishes at once, and wakes the relay', async () => {
  await store.events.publish(stoneCut, { stone: 'granite' })
  expect([await countEvents(), wakes]).toEqual([1, 1])
})

describe('two transactions that get in each other’s way', () => {
  /** Adds the number of users to the name of one: with two at once, one has counted wrong unless the database objects. */
  const createNext = (label: string, together: () => Promise<void>) => {
    let attempts = 0
    return store.transaction(
      async (store) => {
        attempts += 1
        const { length } = await store.users.list()
        if (attempts === 1) await together()
        await store.users.create(`${label}-${length}`)
        store.afterCommit(() => committed.push(label))
        return attempts
      },
      { isolation: 'serializable' },
    )
  }
  let committed: string[]
  beforeEach(() => {
    committed = []
  })

  it('run one after the other in the end, when they must be serializable', async () => {
    const together = meeting(2)
    const attempts = await Promise.all([createNext('a', together), createNext('b', together)])
    expect(attempts.toSorted()).toEqual([1, 2])
    const names = (await store.users.list()).map(({ username }) => username)
    expect(names.map((name) => name.slice(2)).toSorted()).toEqual(['0', '1'])
    expect(committed.toSorted()).toEqual(['a', 'b'])
  })

  it('run again after a deadlock', async () => {
    const [one, two] = [await store.users.create('one'), await store.users.create('two')]
    const together = meeting(2)
    const touchBoth = (first: number, second: number) => {
      let attempts = 0
      return store.transaction(async (store) => {
        attempts += 1
        await store.users.touch(first)
        if (attempts === 1) await together()
        await store.users.touch(second)
        return attempts
      })
    }
    const attempts = await Promise.all([touchBoth(one.id, two.id), touchBoth(two.id, one.id)])
    expect(attempts.toSorted()).toEqual([1, 2])
  })

  it('give up after three repeats, as a database that is too busy', async () => {
    await test.core.database.pool.query(`
      CREATE FUNCTION always_lose() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = 'serialization_failure'; END $$;
      CREATE TRIGGER always_lose BEFORE INSERT ON "user" FOR EACH ROW EXECUTE FUNCTION always_lose()`)
    let attempts = 0
    const losing = store.transaction(async (store) => {
      attempts += 1
      await store.events.publish(stoneCut, { stone: 'granite' })
      await store.users.create('ada')
    })
    await expect(losing).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'database.contention',
      retryAfterSeconds: 1,
    })
    expect([attempts, await countEvents(), wakes]).toEqual([4, 0, 0])
    await test.core.database.pool.query('DROP FUNCTION always_lose CASCADE')
  })

  it('refuse to become stricter on their way', async () => {
    const joined = store.transaction((store) =>
      store.transaction(() => Promise.resolve(), { isolation: 'serializable' }),
    )
    await expect(joined).rejects.toThrow('Ask for serializable where it begins')
  })
})

describe('what follows a commit', () => {
  it('runs after it, in order, and never after a rollback', async () => {
    const seen: string[] = []
    await store.transaction(async (store) => {
      await store.users.create('ada')
      store.afterCommit(async () => seen.push(`first, with ${await countUsers()} user`))
      await store.transaction(async (store) => {
        store.afterCommit(() => seen.push('second'))
      })
      expect(seen).toEqual([])
    })
    expect(seen).toEqual(['first, with 1 user', 'second'])
    const failing = store.transaction(async (store) => {
      store.afterCommit(() => seen.push('never'))
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect(seen).not.toContain('never')
  })

  it('runs at once without a transaction', () => {
    let ran = false
    store.afterCommit(() => (ran = true))
    expect(ran).toBe(true)
  })

  it('is logged and harms nobody when it fails', async () => {
    const seen: string[] = []
    await store.transaction(async (store) => {
      store.afterCommit(() => Promise.reject(new Error('no cache')))
      store.afterCommit(() => seen.push('next'))
    })
    expect(seen).toEqual(['next'])
    expect(test.lines).toContainEqual(
      expect.objectContaining({ level: 'error', msg: 'what should follow a commit failed' }),
    )
  })
})

/** Resolves for each of so many callers once all of them are there. */
function meeting(count: number): () => Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  return () => {
    count -= 1
    if (count === 0) resolve()
    return promise
  }
}
