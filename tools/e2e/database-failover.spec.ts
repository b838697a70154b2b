import {
  cloneTestDatabase,
  createTestCore,
  eventually,
  serveModules,
  startTcpProxy,
  type TcpProxy,
  type TestCore,
  type TestServer,
} from '@ashlar/core/testing'
import { startReplicatedPostgres, type ReplicatedServers } from './own-servers.ts'

let servers: ReplicatedServers
/** Leads to the server that the name of the database stands for. */
let door: TcpProxy
let standbyUrl: string
let primaryUrl: string
let test: TestCore
let server: TestServer

beforeAll(async () => {
  servers = await startReplicatedPostgres()
  const { url } = await cloneTestDatabase(servers.primaryUrl, 'failover')
  primaryUrl = url
  standbyUrl = Object.assign(new URL(url), { port: new URL(servers.standbyUrl).port }).href
  door = await startTcpProxy(primaryUrl)
  const environment = { DATABASE_URL: door.url, DATABASE_POOL_SIZE: '4' }
  test = await createTestCore({ environment })
  server = await serveModules(test.core, [])
})
afterAll(async () => {
  await server.stop()
  await test.stop()
  await door.close()
  await servers.stop()
})

const isReady = async (): Promise<boolean> => (await fetch(`${server.url}/health/ready`)).ok

let users = 0
function register() {
  const username = `mason${(users += 1)}`
  const data = { username, email: `${username}@example.com`, passwordHash: 'none' }
  return test.core.database.client.user.create({ data })
}

/** More at once than the pool has connections, so that each of them is in use all the time. */
const outcomes = () => Promise.allSettled(Array.from({ length: 8 }, register))

async function leadTo(url: string): Promise<void> {
  await door.cut()
  door.leadTo(url)
  await door.restore()
}

/** Connections that are there stay where they are. */
async function expectRecoveryUnderLoad(): Promise<void> {
  await eventually(async () => {
    const reads = Promise.all(
      Array.from({ length: 8 }, () => test.core.database.client.user.count()),
    )
    const written = await outcomes()
    await reads
    return written.every(({ status }) => status === 'fulfilled')
  })
  await eventually(isReady)
}

it('a process whose connections lead to a standby is not ready, and finds the primary under load', async () => {
  expect(await isReady()).toBe(true)
  await leadTo(standbyUrl)
  await eventually(async () => !(await isReady()))
  await eventually(async () => (await test.core.database.client.user.count()) >= 0)
  for (const outcome of await outcomes())
    expect(outcome).toMatchObject({
      reason: { code: 'database.unavailable', kind: 'unavailable', retryAfterSeconds: 1 },
    })
  const transaction = test.core.database.client.$transaction((tx) => tx.user.deleteMany())
  await expect(transaction).rejects.toMatchObject({ code: 'database.unavailable' })
  door.leadTo(primaryUrl)
  await expectRecoveryUnderLoad()
})

it('a standby that is promoted is written to, without a restart of the process', async () => {
  await leadTo(standbyUrl)
  await eventually(async () => !(await isReady()))
  await test.core.database.pool.query('SELECT pg_promote()')
  await expectRecoveryUnderLoad()
})
