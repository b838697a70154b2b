import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { eventually } from '../../testing/eventually.ts'
import { startTcpProxy, type TcpProxy } from '../../testing/tcp-proxy.ts'
import { createMetrics } from '../telemetry/index.ts'
import { bullPrefix } from './connection.ts'
import { createRedis } from './redis.ts'

describe('the connection to Redis', () => {
  let proxy: TcpProxy
  let lines: string[]
  beforeEach(async () => {
    proxy = await startTcpProxy(process.env['REDIS_URL'] ?? '')
    lines = []
  })
  afterEach(() => proxy.close())

  it('starts without a server, and uses it when it comes', async () => {
    await proxy.cut()
    const { redis, redisUp } = connect()
    await redis.start()
    expect(redis.isUp()).toBe(false)
    await expect(redis.ping()).rejects.toMatchObject({ kind: 'unavailable' })
    expect(await redisUp()).toBe(0)
    await proxy.restore()
    await eventually(() => redis.isUp())
    await redis.ping()
    expect(await redisUp()).toBe(1)
    await redis.stop()
  })

  it('fails at once while the server is away, within the command timeout while it is frozen', async () => {
    const { redis } = connect()
    await redis.start()
    proxy.freeze()
    await expect(redis.ping()).rejects.toMatchObject({ kind: 'unavailable' })
    await proxy.cut()
    await eventually(() => !redis.isUp())
    // It never was on its way.
    await expect(redis.client.get('key')).rejects.toThrow("isn't writeable")
    await redis.stop()
  })

  it('tells of an outage now and then, and of its end', async () => {
    const { redis } = connect()
    await redis.start()
    await proxy.cut()
    await sleep(1_000)
    await proxy.restore()
    await eventually(() => redis.isUp())
    const told = lines.map((line) => (JSON.parse(line) as { msg: string }).msg)
    expect(told).toEqual(['the connection to Redis fails', 'the connection to Redis works again'])
    await redis.stop()
  })

  it('stops at once, with a frozen server too', async () => {
    const { redis } = connect()
    await redis.start()
    proxy.freeze()
    await redis.stop()
  })

  function connect() {
    const metrics = createMetrics({ process: 'test' })
    const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) })
    const redis = createRedis({ config: { redisUrl: proxy.url }, log, metrics })
    const redisUp = async () => (await metrics.redisUp.get()).values[0]?.value
    return { redis, redisUp }
  }
})

it.each([
  ['Ashlar', '{ashlar}'],
  ['My Shop 2', '{my-shop-2}'],
])('the keys of %s begin with %s', (appName, prefix) => {
  expect(bullPrefix({ appName })).toBe(prefix)
})
