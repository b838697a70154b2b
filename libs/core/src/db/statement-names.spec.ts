import { createTestCore, type TestCore } from '../../testing/index.ts'
import { createStore } from '../store/index.ts'
import { createDatabase, type Database } from './index.ts'
import { createStatementNames } from './statement-names.ts'

let test: TestCore

beforeAll(async () => {
  test = await createTestCore()
})
afterAll(() => test.stop())

/** One connection, so that the next statement meets the plans of the one before. */
async function withDatabase(
  options: { databasePooler: boolean },
  work: (database: Database) => Promise<void>,
): Promise<void> {
  const { config, log } = test.core
  const database = createDatabase({ config: { ...config, ...options, databasePoolSize: 1 }, log })
  await work(database)
  await database.close()
}

const namesOf = async ({ pool }: Database): Promise<string[]> => {
  const { rows } = await pool.query<{ name: string }>('SELECT name FROM pg_prepared_statements')
  return rows.map(({ name }) => name)
}

const find = ({ client }: Database, username: string) =>
  client.user.findMany({ where: { username }, select: { id: true, passwordHash: true } })

describe('statements of Prisma', () => {
  it('are planned once on a connection, whatever the values are', async () => {
    await withDatabase({ databasePooler: false }, async (database) => {
      await find(database, 'ada')
      const names = await namesOf(database)
      expect(names).toEqual([expect.stringMatching(/^prisma_[\w-]{24}$/)])
      await find(database, 'ben')
      expect(await namesOf(database)).toEqual(names)
    })
  })

  it('have no names behind a pooler, where the next one may meet another connection', async () => {
    await withDatabase({ databasePooler: true }, async (database) => {
      await find(database, 'ada')
      expect(await namesOf(database)).toEqual([])
    })
  })

  it('are asked once more where a migration changed what they give', async () => {
    await withDatabase({ databasePooler: false }, async (database) => {
      await find(database, 'ada')
      await test.core.database.pool.query(
        'ALTER TABLE "user" ALTER password_hash TYPE varchar(200)',
      )
      expect(await find(database, 'ada')).toEqual([])
    })
  })

  it('are asked once more in a transaction too', async () => {
    await withDatabase({ databasePooler: false }, async (database) => {
      await find(database, 'ada')
      await test.core.database.pool.query(
        'ALTER TABLE "user" ALTER password_hash TYPE varchar(300)',
      )
      const store = createStore({ ...test.core, database }, (tables) => ({
        users: {
          find: () =>
            tables.user.findMany({
              where: { username: 'ada' },
              select: { id: true, passwordHash: true },
            }),
        },
      }))
      expect(await store.transaction((store) => store.users.find())).toEqual([])
    })
  })

  it('are named up to a limit, the same text alike', () => {
    const nameOf = createStatementNames(2)
    const texts = ['SELECT 1', 'SELECT 2', 'SELECT 3', 'SELECT 1']
    const [first, second, third, again] = texts.map((sql) => nameOf({ sql }))
    expect(first).not.toBe(second)
    expect([third, again]).toEqual([undefined, first])
  })
})
