import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Logger } from '../logging/index.ts'

/** Something that a process starts and stops. */
export interface Component {
  name: string
  start?(): Promise<void> | void
  /**
   * Takes on no more work. At a stop all components are drained before the first is stopped,
   * because one that is stopped late would go on to begin what it can no longer finish.
   */
  drain?(): void
  /** Lets go of what it holds. Waits for work in progress, but not longer than `signal` allows. */
  stop?(signal: AbortSignal): Promise<void> | void
}

export interface LifecycleDeps {
  log: Logger
  /** How long all stops together may take, in milliseconds. */
  graceMs: number
}

export type Lifecycle = ReturnType<typeof createLifecycle>

/**
 * Starts components in the order in which they were added and stops them in reverse, so that
 * whoever uses another goes first. All are drained before the first is stopped, so that their work
 * in progress ends side by side within the grace.
 *
 * A start that fails stops what had started, itself included. A stop that fails or takes too long
 * is logged and does not hold up the next.
 */
export function createLifecycle({ log, graceMs }: LifecycleDeps) {
  const components: Component[] = []
  const started: Component[] = []
  let stopping: Promise<void> | undefined

  return { add, start, stop, isStopping: () => stopping !== undefined }

  function add(component: Component): void {
    components.push(component)
  }

  async function start(): Promise<void> {
    for (const component of components) {
      if (stopping) return
      started.push(component)
      try {
        await component.start?.()
      } catch (error) {
        // Who is stopped while it starts may well fail to start.
        if (stopping) return
        await stop()
        throw error
      }
    }
  }

  function stop(): Promise<void> {
    return (stopping ??= stopAll())
  }

  async function stopAll(): Promise<void> {
    const grace = startGrace(graceMs)
    for (const component of started.toReversed()) drainOne(component)
    for (const component of started.toReversed()) await stopOne(component, grace)
    grace.cancel()
  }

  function drainOne(component: Component): void {
    try {
      component.drain?.()
    } catch (error) {
      log.error({ err: error, component: component.name }, 'failed to drain')
    }
  }

  async function stopOne(component: Component, { signal, over }: Grace): Promise<void> {
    let late = false
    try {
      await Promise.race([component.stop?.(signal), over().then(() => (late = true))])
      if (late) log.warn({ component: component.name }, 'did not stop within SHUTDOWN_GRACE')
    } catch (error) {
      log.error({ err: error, component: component.name }, 'failed to stop')
    }
  }
}

type Grace = ReturnType<typeof startGrace>

/** Not `AbortSignal.timeout`, which lets the process end while a component still stops. */
function startGrace(graceMs: number) {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(), graceMs)
  const aborted = new Promise((resolve) => controller.signal.addEventListener('abort', resolve))
  return {
    signal: controller.signal,
    cancel: () => clearTimeout(timer),
    /** Resolves a moment after the end, so that whoever comes later can still do what needs no waiting. */
    over: () => aborted.then(() => nextTurn()),
  }
}
