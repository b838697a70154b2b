import { z } from 'zod'
import { eventually } from '../../testing/eventually.ts'
import { createTestBed } from '../events/testing/test-bed.ts'
import { createSubscriptions, defineEvent, on } from '../events/index.ts'
import { createMetrics } from '../telemetry/index.ts'
import { createQueueGauges } from './queue-gauges.ts'

const unlimited = { name: 'shop.print', queue: 'shop.tasks' }
const shipped = defineEvent('shop.order-shipped', z.object({ orderId: z.int() }))

describe('queue gauges', () => {
  it('tell how many events and jobs wait', async () => {
    const bed = await createTestBed()
    const { queues, log } = bed
    const { pool } = bed.database
    const metrics = createMetrics({ process: 'test' })
    const gauges = createQueueGauges({
      pool,
      queues,
      metrics,
      modules: [{ name: 'shop', listeners: [{}], tasks: [{ task: unlimited }] }],
      log,
      everyMs: 50,
    })
    const listeners = [on(shipped, 'shop.count', () => {})]
    await createSubscriptions({ pool, listeners, log }).save()
    await bed.publish(shipped, { orderId: 1 })
    await queues.get('shop.tasks').add('shop.print', {}, { delay: 60_000 })
    const left = await queues.get('shop.print').add('shop.print', {}, { delay: 60_000 })
    await bed.start(gauges)
    await eventually(async () =>
      (await page()).includes('outbox_unpublished_events{process="test"} 1'),
    )
    await bed.start(bed.relay(listeners))
    await eventually(async () => (await page()).includes('event_deliveries_owed{process="test"} 1'))
    await eventually(async () =>
      (await page()).includes('queue_jobs{queue="shop.events",state="waiting",process="test"} 1'),
    )
    expect(await page()).toContain(
      'queue_jobs{queue="shop.tasks",state="delayed",process="test"} 1',
    )
    expect(await page()).toContain('outbox_oldest_unpublished_seconds{process="test"} 0')
    expect(await page()).toContain('event_deliveries_dead{process="test"} 0')
    expect(await page()).toContain(
      'queue_jobs{queue="shop.print",state="delayed",process="test"} 1',
    )
    await left.remove()
    await eventually(async () => !(await page()).includes('queue="shop.print"'))
    await bed.stopAll()

    async function page() {
      return metrics.registry.metrics()
    }
  })
})
