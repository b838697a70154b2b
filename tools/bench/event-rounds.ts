import { runBundledScript, runScript, type Servers } from './bundled-run.ts'
import type { EventRates, EventRound } from './report.ts'

const backlog = 10_000
const singles = 500

/** The way of an event, and the limit of it, in turns. */
export async function measureEvents(servers: Servers, rounds: number): Promise<EventRound[]> {
  const measured: EventRound[] = []
  for (let round = 0; round < rounds; round++) {
    const args = [backlog, singles]
    const [limit] = runScript<EventRates>('tools/bench/limit-events.ts', args, servers)
    const [ashlar] = await runBundledScript<EventRates>('tools/bench/events.ts', args, servers)
    measured.push({ limit: limit!, ashlar: ashlar! })
  }
  return measured
}
