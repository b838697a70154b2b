import { execFileSync } from 'node:child_process'
import { bundleIntoCache } from '../build/run-bundled.ts'
import { projectRoot } from '../servers/project.ts'
import type { EventRates, EventRound } from './report.ts'

const backlog = 10_000
const singles = 500

/** The way of an event, and the limit of it, in turns. */
export async function measureEvents(
  servers: { DATABASE_URL: string; REDIS_URL: string },
  rounds: number,
): Promise<EventRound[]> {
  const bundle = await bundleIntoCache('tools/bench/events.ts')
  return Array.from({ length: rounds }, () => ({
    limit: run('tools/bench/limit-events.ts'),
    ashlar: run(bundle),
  }))

  function run(script: string): EventRates {
    const output = execFileSync(process.execPath, [script, String(backlog), String(singles)], {
      cwd: projectRoot,
      env: { PATH: process.env['PATH'], NODE_ENV: 'production', ...servers },
      stdio: ['ignore', 'pipe', 'inherit'],
      encoding: 'utf8',
    })
    return JSON.parse(output) as EventRates
  }
}
