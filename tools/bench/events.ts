// Measures the way of an event on the servers at DATABASE_URL (a test database) and REDIS_URL: events a second handed over, and handed over and
// worked off, from a backlog; and milliseconds from a publish to its listener at 100 a second. Prints one line of JSON. To be bundled.
import { createTestCore } from '@ashlar/core/testing'
import { createEventBench } from './event-bench.ts'

void main(Number(process.argv[2] ?? 10_000), Number(process.argv[3] ?? 1_000))

async function main(backlog: number, singles: number): Promise<void> {
  const { core, stop } = await createTestCore({ environment: { LOG_LEVEL: 'error' } })
  const bench = createEventBench(core)
  const result = {
    handedOverPerSecond: await bench.handOver(backlog),
    workedOffPerSecond: await bench.workOff(backlog),
    lagMs: await bench.measureLag(singles),
  }
  process.stdout.write(`${JSON.stringify({ backlog, singles, ...result })}\n`)
  await stop()
}
