import { Redis } from 'ioredis'
import { z } from 'zod'
import { defineEvent, on } from '@ashlar/core/events'
import type { FeatureModule } from '@ashlar/core/module'
import { createStore } from '@ashlar/core/store'
import {
  createTestCore,
  eventually,
  startTcpProxy,
  startWorker,
  type TcpProxy,
} from '@ashlar/core/testing'
import { startOwnServers, type OwnServers } from './own-servers.ts'

const shipped = defineEvent('shop.order-shipped', z.object({ orderId: z.int() }))
const orders = 300

let servers: OwnServers[]
let primary: Redis
let replica: Redis
/** Leads to the primary. */
let door: TcpProxy

beforeAll(async () => {
  servers = await Promise.all([startOwnServers(), startOwnServers()])
  const [first = '', second = ''] = servers.map(({ redisUrl }) => redisUrl)
  primary = new Redis(first)
  replica = new Redis(second)
  door = await startTcpProxy(first)
})
afterAll(async () => {
  primary.disconnect()
  replica.disconnect()
  await door.close()
  await Promise.all(servers.map((each) => each.stop()))
})

it('a failover to a replica that was behind brings back jobs, and runs no listener again that is done', async () => {
  const test = await createTestCore({ environment: { REDIS_URL: door.url } })
  const store = createStore(test.core, () => ({}))
  const handled: number[] = []
  const shop: FeatureModule = {
    name: 'shop',
    listeners: [on(shipped, 'shop.count', ({ orderId }) => void handled.push(orderId))],
    gateway: undefined,
  }
  const worker = await startWorker(test.core, [shop])
  const queue = test.core.queues.get('shop.events')

  await queue.pause()
  for (let orderId = 1; orderId <= orders; orderId++)
    await store.events.publish(shipped, { orderId })
  await eventually(async () => (await queue.getWaitingCount()) === orders)
  await leaveBehind()
  await queue.resume()
  await eventually(async () => (await queue.getCompletedCount()) === orders)
  await failOver()
  await eventually(async () => (await queue.getWaitingCount()) === orders)
  await queue.resume()
  await eventually(async () => (await queue.getCompletedCount()) === orders)

  expect(handled.toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: orders }, (_, index) => index + 1),
  )
  await worker.stop()
  await test.stop()
})

/** From here on the replica hears nothing more. */
async function leaveBehind(): Promise<void> {
  const { hostname, port } = new URL(servers[0]?.redisUrl ?? '')
  await replica.replicaof(hostname, port)
  await eventually(async () => /master_link_status:up/.test(await replica.info('replication')))
  await eventually(async () => (await offsetOf(primary)) === (await offsetOf(replica)))
  await replica.replicaof('NO', 'ONE')
}

async function offsetOf(redis: Redis): Promise<string | undefined> {
  const info = await redis.info('replication')
  return /^(?:master|slave)_repl_offset:(\d+)/m.exec(info)?.[1]
}

async function failOver(): Promise<void> {
  await door.cut()
  door.leadTo(servers[1]?.redisUrl ?? '')
  await door.restore()
}
