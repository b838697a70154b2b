import { z } from 'zod'
import { eventually } from '../../testing/eventually.ts'
import { holdTransaction } from '../../testing/hold-transaction.ts'
import { defineEvent } from './event.ts'
import { on } from './listener.ts'
import { createTestBed, type TestBed } from './testing/test-bed.ts'

const shipped = defineEvent('shop.order-shipped', z.object({ orderId: z.int() }))

describe('a delivery that a worker takes just before its stop', () => {
  let bed: TestBed
  beforeEach(async () => {
    bed = await createTestBed()
  })
  afterEach(() => bed.stopAll())

  it('does not reach its listener any more, and is handled by the next worker, once', async () => {
    const seen: number[] = []
    const listeners = [on(shipped, 'shop.count', ({ orderId }) => seen.push(orderId))]
    await bed.start(bed.relay(listeners))
    await bed.publish(shipped, { orderId: 1 })
    const queue = bed.queues.get('shop.events')
    await eventually(async () => (await queue.getWaitingCount()) === 1)
    const held = await holdTransaction(
      bed.database.pool,
      'LOCK TABLE event_delivery IN ACCESS EXCLUSIVE MODE',
    )
    const workers = bed.workers(listeners)
    await bed.start(workers)
    await eventually(async () => (await queue.getActiveCount()) === 1)
    await eventually(held.isAwaited)
    workers.drain?.()
    await held.rollback()
    await bed.stop(workers)
    expect(seen).toEqual([])

    await bed.start(bed.workers(listeners))
    await eventually(async () => (await bed.deliveries())[0]?.finished_at)
    expect(seen).toEqual([1])
  })
})
