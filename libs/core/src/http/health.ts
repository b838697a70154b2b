import type { AppError } from '../errors/index.ts'
import { statusOf } from '../errors/index.ts'
import { createOutageLog, type Logger } from '../logging/index.ts'
import { notReady } from './errors.ts'

export interface HealthCheck {
  name: string
  /** Whether the process can do its work without it. */
  required: boolean
  /** Throws, or does not settle before `signal` aborts, when it is down. */
  check(signal: AbortSignal): Promise<unknown>
}

export interface HealthDeps {
  checks: readonly HealthCheck[]
  /** Begins the `type` of the problem that an unready process answers. */
  problemBaseUrl: string
  /** Told why the process is not ready, at most every few seconds; nobody if unset. */
  log?: Logger
  /** How long one check may take, in milliseconds. */
  timeoutMs?: number
  /** How long a result is given again, so that probes do not load what they ask. */
  maxAgeMs?: number
}

export type Checks = Record<string, 'up' | 'down'>

export interface HealthAnswer {
  status: 200 | 503
  body: Readonly<Record<string, unknown>>
}

export type Health = ReturnType<typeof createHealth>

/**
 * Alive: the process answers. Ready: everything that it needs answers too, and it is not about to stop.
 *
 * @example
 * const health = createHealth({
 *   problemBaseUrl,
 *   checks: [{ name: 'database', required: true, check: () => database.ping() }],
 * })
 */
export function createHealth({
  checks,
  problemBaseUrl,
  log,
  timeoutMs = 1_000,
  maxAgeMs = 1_000,
}: HealthDeps) {
  const outages = new Map(
    checks.flatMap(({ name, required }) =>
      log && required ? [[name, createOutageLog(log.child({ check: name }), 'readiness')]] : [],
    ),
  )
  let draining = false
  let last: { checks: Promise<Checks>; until: number } | undefined
  return { live, ready, startDraining }

  /** Asks nothing: a process is not restarted for what a restart cannot cure. */
  function live(): HealthAnswer {
    return { status: 200, body: { status: 'alive' } }
  }

  async function ready(): Promise<HealthAnswer> {
    const results = await recentResults()
    const down = checks.some(({ name, required }) => required && results[name] === 'down')
    if (draining || down) return refusal(results)
    return { status: 200, body: { status: 'ready', checks: results } }
  }

  /** From now on the process is not ready, so that it gets no new work while it ends what it has. */
  function startDraining(): void {
    draining = true
  }

  function recentResults(): Promise<Checks> {
    if (!last || last.until < performance.now())
      last = { checks: runChecks(), until: performance.now() + maxAgeMs }
    return last.checks
  }

  async function runChecks(): Promise<Checks> {
    return Object.fromEntries(
      await Promise.all(checks.map(async (each) => [each.name, await runCheck(each)] as const)),
    )
  }

  async function runCheck({ name, check }: HealthCheck): Promise<'up' | 'down'> {
    try {
      await within(timeoutMs, check)
      outages.get(name)?.recovered()
      return 'up'
    } catch (error) {
      outages.get(name)?.failed(error)
      return 'down'
    }
  }

  function refusal(results: Checks): HealthAnswer {
    const error: AppError = notReady(
      draining ? { detail: 'The process is stopping.' } : { detail: 'Something needed is down.' },
    )
    return {
      status: 503,
      body: {
        type: `${problemBaseUrl}/${error.code}`,
        title: error.definition.title,
        status: statusOf(error.kind),
        code: error.code,
        detail: error.message,
        checks: results,
      },
    }
  }
}

async function within(ms: number, check: HealthCheck['check']): Promise<void> {
  const signal = AbortSignal.timeout(ms)
  const tooLate = new Promise<never>((_resolve, reject) =>
    signal.addEventListener('abort', () => reject(new Error(`no answer within ${ms} ms`))),
  )
  await Promise.race([Promise.resolve().then(() => check(signal)), tooLate])
}
