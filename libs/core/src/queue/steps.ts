import type { Logger } from '../logging/index.ts'

export type Steps = ReturnType<typeof createSteps>

/**
 * For a task of several steps that do not depend on each other: each runs, also after another one
 * failed. Every failure is logged.
 *
 * @example
 * const steps = createSteps(log)
 * await steps.run('stones', () => store.stones.purge())
 * await steps.run('count', () => store.stones.count())
 * steps.end()
 */
export function createSteps(log: Logger) {
  const failures: unknown[] = []
  return { run, end }

  /** Returns the result of the step; undefined when it failed. */
  async function run<T>(step: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work()
    } catch (err) {
      failures.push(err)
      log.error({ err, step }, 'a step of a task failed; the other steps run')
      return undefined
    }
  }

  /** Throws the first failure, if there was one, so that the task is tried again. */
  function end(): void {
    if (failures.length > 0) throw failures[0]
  }
}
