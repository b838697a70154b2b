// Measures how long events wait that have nothing to do with what weighs on the same tables, on the
// servers at DATABASE_URL (a test database) and REDIS_URL: 20 probes a second, from the publish to
// their listener, beside deliveries that wait, are dead or held, and beside old snapshots. The
// statistics of the tables are from before. Prints one line of JSON for each. To be bundled; the
// argument is how many events were published since the old snapshot was opened.
import { createEventRedelivery } from '@ashlar/core/events'
import { createTestCore } from '@ashlar/core/testing'
import { Client } from 'pg'
import { createProbe, type Probe } from './probe.ts'
import type { Weight } from './report.ts'

const waiting = 100_000

void main(Number(process.argv[2] ?? 3_000_000))

async function main(sinceSnapshot: number): Promise<void> {
  await measure('nothing', 0)
  await measure('ordered events over 10 keys, of which none was relayed', waiting, {
    before: (probe) => probe.writeEvents(waiting, { keys: 10 }),
  })
  await measure('one dead delivery and those of its key behind it', waiting, {
    before: async (probe) => {
      await probe.writeDeliveries(waiting, { keys: 1 })
      await probe.write(`UPDATE event_delivery SET dead_at = now()
        WHERE sequence = (SELECT min(sequence) FROM event_delivery)`)
      await probe.write(`INSERT INTO event_due (listener_id, order_key) VALUES ('bench.move', '0')`)
    },
  })
  await measure('dead deliveries that an operator retries', waiting, {
    before: async (probe) => {
      await probe.writeDeliveries(waiting)
      await probe.write('UPDATE event_delivery SET dead_at = now()')
    },
    beside: async ({ pool }) => void (await createEventRedelivery(pool).retry({})),
  })
  await measure('a transaction that commits events late', waiting, {
    beside: (probe) => probe.writeEvents(waiting),
  })
  await measure('events for a listener that was removed', waiting, {
    before: (probe) =>
      probe.write(`INSERT INTO event_subscription (listener_id, event_name, queue)
        VALUES ('bench.gone', 'bench.moved', 'bench.events')`),
    beside: (probe) => probe.writeEvents(waiting),
  })
  await measure('an open snapshot, and events that were published since', sinceSnapshot, {
    before: async (probe) => {
      const close = await probe.openSnapshot()
      await probe.writeEvents(sinceSnapshot)
      await probe.write('UPDATE outbox_event SET published_at = now()')
      return close
    },
  })
  await measure('a reader of all kept events in one snapshot, as pg_dump', sinceSnapshot, {
    before: async (probe) => {
      await probe.writeEvents(sinceSnapshot)
      await probe.write('UPDATE outbox_event SET published_at = now()')
    },
    beside: (probe) => probe.dump(),
  })
}

interface Scenario {
  /** Before relays and workers start. May return how to end what it began. */
  before?: (probe: Probe) => Promise<(() => Promise<void>) | void>
  /** While the probes are under way. */
  beside?: (probe: Probe) => Promise<void>
}

/** On a database of its own. */
async function measure(beside: string, rows: number, scenario: Scenario = {}): Promise<void> {
  const { core, stop } = await createTestCore({ environment: { LOG_LEVEL: 'error' } })
  const probe = await createProbe(core, () => new Client(core.config.databaseUrl))
  const end = await scenario.before?.(probe)
  await probe.start()
  const [lag] = await Promise.all([probe.measureLag(), scenario.beside?.(probe)])
  const weight: Weight = { beside, rows, ...lag }
  process.stdout.write(`${JSON.stringify(weight)}\n`)
  await end?.()
  await probe.stop()
  await stop()
}
