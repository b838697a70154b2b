import { DatabaseError } from 'pg'
import {
  createTestCore,
  eventually,
  startTcpProxy,
  type TcpProxy,
  type TestCore,
} from '../../testing/index.ts'
import { CleanPool } from './clean-pool.ts'

let test: TestCore
let proxy: TcpProxy
let pool: CleanPool

beforeAll(async () => {
  test = await createTestCore()
  await test.core.database.pool.query('CREATE TABLE note (text text)')
  proxy = await startTcpProxy(test.core.config.databaseUrl)
})
afterAll(async () => {
  await proxy.close()
  await test.stop()
})
beforeEach(async () => {
  await test.core.database.pool.query('TRUNCATE note')
  pool = new CleanPool({ connectionString: proxy.url, max: 1, query_timeout: 200 })
  pool.on('error', () => undefined)
})
afterEach(() => pool.end())

/** What others see. */
async function notes(): Promise<string[]> {
  const { rows } = await test.core.database.pool.query<{ text: string }>('SELECT text FROM note')
  return rows.map(({ text }) => text)
}

async function backend(): Promise<number> {
  const { rows } = await pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  return rows[0]!.pid
}

describe('a connection that comes back to the pool', () => {
  it('is used again when it is idle, also after a statement that failed', async () => {
    const first = await backend()
    const client = await pool.connect()
    await expect(client.query('SELECT 1 / 0')).rejects.toThrow('division by zero')
    await client.query('SELECT 1')
    client.release()
    expect(await backend()).toBe(first)
  })

  it('is used again after the server refused a statement outside a transaction', async () => {
    const opened = jest.fn()
    pool.on('connect', opened)
    await pool.query('CREATE TEMPORARY TABLE stone (name text UNIQUE)')
    await pool.query("INSERT INTO stone VALUES ('granite')")
    const statement = { name: 'add', text: 'INSERT INTO stone VALUES ($1)', values: ['granite'] }
    for (let conflicts = 0; conflicts < 20; conflicts += 1)
      await expect(pool.query(statement)).rejects.toMatchObject({ code: '23505' })
    await expect(pool.query('SELECT 1 / 0')).rejects.toMatchObject({ code: '22012' })
    expect(opened).toHaveBeenCalledTimes(1)
  })

  it('is closed when the server is not ready soon after it refused a statement', async () => {
    const first = await backend()
    const client = await pool.connect()
    const answer = client.query('SELECT pg_sleep(60)').catch((error: unknown) => error)
    client.release(new DatabaseError('refused', 0, 'error'))
    expect(await answer).toMatchObject({ message: 'Query read timeout' })
    await eventually(async () => {
      const next = await backend().catch(() => first)
      return next !== first
    })
  })

  it('is closed, as all others are, when it leads to a server that takes no writes', async () => {
    const wide = new CleanPool({ connectionString: proxy.url, max: 3 })
    const connections = await Promise.all([wide.connect(), wide.connect(), wide.connect()])
    // As on a standby.
    for (const each of connections) await each.query('SET default_transaction_read_only = on')
    for (const each of connections) each.release()
    const write = () => wide.query("INSERT INTO note VALUES ('after a failover')")
    await expect(write()).rejects.toMatchObject({ code: '25006' })
    await Promise.all([write(), write(), write()])
    expect(await notes()).toHaveLength(3)
    await wide.end()
  })

  it('is closed in a transaction that was not ended', async () => {
    const client = await pool.connect()
    await client.query('BEGIN')
    await client.query("INSERT INTO note VALUES ('not committed')")
    client.release()
    await pool.query("INSERT INTO note VALUES ('kept')")
    expect(await notes()).toEqual(['kept'])
  })

  it.each(['BEGIN', "INSERT INTO note VALUES ('lost')"])(
    'is closed while %s is on its way to a server that froze: who comes next loses nothing',
    async (statement) => {
      const client = await pool.connect()
      if (statement !== 'BEGIN') await client.query('BEGIN')
      proxy.freeze()
      await expect(client.query(statement)).rejects.toThrow('Query read timeout')
      await expect(client.query('ROLLBACK')).rejects.toThrow('Query read timeout')
      client.release()
      await proxy.restore()
      const before = await notes()
      await pool.query("INSERT INTO note VALUES ('acknowledged')")
      expect(await notes()).toEqual([...before, 'acknowledged'])
    },
  )
})
