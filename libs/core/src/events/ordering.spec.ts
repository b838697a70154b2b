import fc from 'fast-check'
import { z } from 'zod'
import { eventually } from '../../testing/eventually.ts'
import { holdTransaction } from '../../testing/hold-transaction.ts'
import { defineEvent } from './event.ts'
import { createEventRedelivery } from './event-redelivery.ts'
import { createInbox } from './inbox.ts'
import { on } from './listener.ts'
import { createTestBed, type TestBed } from './testing/test-bed.ts'

const moved = defineEvent('stock.moved', z.object({ article: z.string(), step: z.int() }), {
  key: ({ article }) => article,
})

describe('an ordered listener', () => {
  let bed: TestBed
  beforeEach(async () => {
    bed = await createTestBed()
  })
  afterEach(() => bed.stopAll())

  it('needs an event with a key', () => {
    const keyless = defineEvent('stock.counted', z.object({}))
    expect(() => on(keyless, 'stock.log', () => {}, { ordered: true })).toThrow(
      'stock.log is ordered, so stock.counted must have a key',
    )
  })

  it('gets the events of one key one after another, and those of others meanwhile', async () => {
    const log: string[] = []
    let running = 0
    let mostAtOnce = 0
    const listeners = [
      ordered(async ({ article, step }) => {
        mostAtOnce = Math.max(mostAtOnce, ++running)
        log.push(`+${article}${step}`)
        await new Promise((resolve) => setTimeout(resolve, 5))
        log.push(`-${article}${step}`)
        running -= 1
      }),
    ]
    await bed.start(bed.relay(listeners), bed.relay(listeners))
    await bed.start(bed.workers(listeners), bed.workers(listeners))
    for (let step = 0; step < 15; step++)
      for (const article of ['a', 'b', 'c']) await bed.publish(moved, { article, step })
    await finished(45)
    for (const article of ['a', 'b', 'c']) {
      const own = log.filter((line) => line.includes(article))
      const inTurn = Array.from({ length: 15 }, (_, step) => [
        `+${article}${step}`,
        `-${article}${step}`,
      ])
      expect(own).toEqual(inTurn.flat())
    }
    expect(mostAtOnce).toBeGreaterThan(1)
  })

  it('waits for a delivery that is tried again, with one key only', async () => {
    const log: string[] = []
    const listeners = [
      ordered(({ article, step }, { attempt }) => {
        log.push(`${article}${step}`)
        if (article === 'a' && step === 0 && attempt < 3) throw new Error('not yet')
      }),
    ]
    await bed.start(bed.relay(listeners), bed.workers(listeners))
    for (const step of [0, 1]) for (const article of ['a', 'b']) await publish(article, step)
    await finished(4)
    expect(log.filter((line) => line.startsWith('a'))).toEqual(['a0', 'a0', 'a0', 'a1'])
    expect(log.filter((line) => line.startsWith('b'))).toEqual(['b0', 'b1'])
  })

  it('is held up by a dead delivery of the key until it is retried or skipped', async () => {
    const log: string[] = []
    let isBroken = true
    const listeners = [
      ordered(({ article, step }) => {
        if (isBroken && step === 0) throw new Error('broken')
        log.push(`${article}${step}`)
      }, 2),
    ]
    await bed.start(bed.relay(listeners), bed.workers(listeners))
    for (const article of ['a', 'b']) for (const step of [0, 1, 2]) await publish(article, step)
    await publish('c', 1)
    await eventually(async () => (await bed.deliveries()).filter((row) => row.dead_at).length === 2)
    await finished(1)
    expect(log).toEqual(['c1'])
    isBroken = false
    const dead = (await bed.deliveries()).filter((row) => row.dead_at)
    const redelivery = createEventRedelivery(bed.database.pool)
    expect(await redelivery.retry({ eventId: dead[0]?.event_id ?? '' })).toBe(1)
    await finished(4)
    expect(log).toEqual(['c1', 'a0', 'a1', 'a2'])
    expect(await redelivery.skip({ eventId: dead[1]?.event_id ?? '' })).toBe(1)
    await finished(7)
    expect(log.slice(4)).toEqual(['b1', 'b2'])
  })

  it('goes on when the worker died between the end of a delivery and the next one', async () => {
    const log: number[] = []
    const listeners = [ordered(({ step }) => log.push(step))]
    await bed.start(bed.relay(listeners))
    await publish('a', 0)
    await publish('a', 1)
    await eventually(async () => (await bed.deliveries()).length === 2)
    const [first] = await bed.database.client.eventDelivery.findMany({
      orderBy: { sequence: 'asc' },
    })
    await createInbox(bed.database.pool).finish(first as NonNullable<typeof first>)
    await bed.start(bed.workers(listeners))
    await finished(2)
    expect(log).toEqual([1])
  })

  it('waits for an earlier event that another relay holds', async () => {
    const log: number[] = []
    const listeners = [ordered(({ step }) => log.push(step))]
    const { pool } = bed.database
    await pool.query(`INSERT INTO outbox_event (id, name, payload, key) VALUES
      ('00000000-0000-7000-8000-000000000001', 'stock.moved', '{"article":"a","step":0}', 'a')`)
    const other = await holdTransaction(pool, 'SELECT FROM outbox_event FOR UPDATE')
    await bed.start(bed.relay(listeners), bed.workers(listeners))
    await publish('a', 1)
    await eventually(async () => (await bed.deliveries()).length === 1)
    // Somebody else's event comes through meanwhile, so the relays did look.
    await publish('b', 9)
    await finished(1)
    expect(log).toEqual([9])
    await other.commit()
    await finished(3)
    expect(log).toEqual([9, 0, 1])
  })

  it('keeps the order whatever fails, dies or is lost in between', async () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom('a', 'b') },
      { weight: 1, arbitrary: fc.constantFrom('empty Redis', 'restart relay', 'restart workers') },
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 5, maxLength: 25 }),
        fc.infiniteStream(fc.nat(9)),
        async (steps, luck) => {
          const bed = await createTestBed()
          const done: Record<string, number[]> = { a: [], b: [] }
          const published: Record<string, number> = { a: 0, b: 0 }
          const listeners = [
            ordered(({ article, step }) => {
              if (luck.next().value === 0) throw new Error('bad luck')
              done[article]?.push(step)
            }),
          ]
          let relay = bed.relay(listeners)
          let workers = bed.workers(listeners)
          await bed.start(relay, bed.relay(listeners), workers, bed.sweep())
          for (const each of steps)
            if (each === 'empty Redis') await bed.emptyRedis()
            else if (each === 'restart relay') {
              await bed.stop(relay)
              await bed.start((relay = bed.relay(listeners)))
            } else if (each === 'restart workers') {
              await bed.stop(workers)
              await bed.start((workers = bed.workers(listeners)))
            } else await bed.publish(moved, { article: each, step: published[each]!++ })
          const total = steps.filter((each) => each in published).length
          await eventually(
            async () => (await bed.deliveries()).filter((row) => row.finished_at).length === total,
          )
          await bed.stopAll()
          for (const [article, log] of Object.entries(done)) {
            // An emptied Redis may run a delivery a second time, but never before an earlier one is done.
            expect(log.filter((step, index) => log.indexOf(step) === index)).toEqual(
              Array.from({ length: published[article] ?? 0 }, (_, step) => step),
            )
          }
        },
      ),
      { numRuns: 6 },
    )
  })

  function ordered(handle: Parameters<typeof on<(typeof moved)['schema']>>[2], attempts = 36) {
    return on(moved, 'stock.log', handle, { ordered: true, attempts, backoffMs: 10 })
  }

  const publish = (article: string, step: number) => bed.publish(moved, { article, step })

  const finished = (count: number) =>
    eventually(
      async () => (await bed.deliveries()).filter((row) => row.finished_at).length === count,
    )
})
