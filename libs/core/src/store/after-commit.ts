import type { Logger } from '../logging/index.ts'

type Hook = () => unknown

export type AfterCommit = ReturnType<typeof createAfterCommit>

/** What is left to do once the rows are there. */
export function createAfterCommit(log: Logger) {
  const hooks: Hook[] = []
  return { add, run }

  function add(hook: Hook): void {
    hooks.push(hook)
  }

  async function run(): Promise<void> {
    for (const hook of hooks) {
      try {
        await hook()
      } catch (error) {
        log.error({ err: error }, 'what should follow a commit failed')
      }
    }
  }
}
