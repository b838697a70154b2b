import { setTimeout as sleep } from 'node:timers/promises'
import { coreConfig, parseConfig } from '../config/index.ts'
import { createTestCore } from '../../testing/index.ts'
import { createCore } from './index.ts'

// Ports at which nothing listens.
const { core: config } = parseConfig(
  { core: coreConfig },
  {
    DATABASE_URL: 'postgresql://127.0.0.1:1/ashlar',
    REDIS_URL: 'redis://127.0.0.1:1',
    SMTP_URL: 'smtp://127.0.0.1:1',
    LOG_LEVEL: 'silent',
  },
)

describe('the platform', () => {
  it('starts and stops while no server is there, because it connects nothing by itself', async () => {
    const core = createCore({ process: 'api', config })
    await core.lifecycle.start()
    await expect(core.database.ping()).rejects.toMatchObject({ code: 'database.unavailable' })
    core.outboxNotifier.wake()
    await core.lifecycle.stop()
  })

  it('lets go of the database when it stops', async () => {
    const { core, stop } = await createTestCore()
    await core.database.client.user.count()
    await stop()
    await expect(core.database.pool.query('SELECT 1')).rejects.toThrow(/after calling end/)
  })

  it('tells the time by its clock, and that of the system if none is given', async () => {
    const { clock } = createCore({ process: 'api', config })
    const before = Date.now()
    await sleep(2)
    expect(clock.now().getTime()).toBeGreaterThan(before)
    const fixed = new Date(0)
    const core = createCore({ process: 'api', config, clock: { now: () => fixed } })
    expect(core.clock.now()).toBe(fixed)
  })
})
