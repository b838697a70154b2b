import type { Logger } from '../logging/index.ts'

type Hook = () => unknown

export interface AfterCommitOptions {
  /**
   * Runs it also when nobody knows whether `COMMIT` happened, twice even: for what harms nobody if
   * it did not.
   */
  evenIfUnknown?: boolean
}

/**
 * A `COMMIT` that waits in a broken network may still arrive. After
 * `idle_in_transaction_session_timeout` (30 s) PostgreSQL has rolled back, and it cannot.
 */
const surelyDecidedMs = 35_000

export type AfterCommit = ReturnType<typeof createAfterCommit>

/** What is left to do once the rows are there. */
export function createAfterCommit(log: Logger, decidedAfterMs = surelyDecidedMs) {
  const hooks: { hook: Hook; evenIfUnknown: boolean }[] = []
  return { add, run, runEvenIfUnknown }

  function add(hook: Hook, { evenIfUnknown = false }: AfterCommitOptions = {}): void {
    hooks.push({ hook, evenIfUnknown })
  }

  async function run(): Promise<void> {
    for (const { hook } of hooks) await runOne(hook)
  }

  /**
   * Runs them now, and again when the commit is surely decided: a cache would have kept what it
   * read in between.
   */
  async function runEvenIfUnknown(): Promise<void> {
    await runHarmless()
    setTimeout(() => void runHarmless(), decidedAfterMs).unref()
  }

  async function runHarmless(): Promise<void> {
    for (const { hook, evenIfUnknown } of hooks) if (evenIfUnknown) await runOne(hook)
  }

  async function runOne(hook: Hook): Promise<void> {
    try {
      await hook()
    } catch (error) {
      log.error({ err: error }, 'what should follow a commit failed')
    }
  }
}
