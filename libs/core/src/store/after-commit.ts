import type { Logger } from '../logging/index.ts'

type Hook = () => unknown

export interface AfterCommitOptions {
  /** Runs it also when the connection broke in `COMMIT`, and nobody knows whether it happened: for what harms nobody if it did not. */
  evenIfUnknown?: boolean
}

export type AfterCommit = ReturnType<typeof createAfterCommit>

/** What is left to do once the rows are there. */
export function createAfterCommit(log: Logger) {
  const hooks: { hook: Hook; evenIfUnknown: boolean }[] = []
  return { add, run, runEvenIfUnknown }

  function add(hook: Hook, { evenIfUnknown = false }: AfterCommitOptions = {}): void {
    hooks.push({ hook, evenIfUnknown })
  }

  async function run(): Promise<void> {
    for (const { hook } of hooks) await runOne(hook)
  }

  async function runEvenIfUnknown(): Promise<void> {
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
