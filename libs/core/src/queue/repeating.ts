import type { Component } from '../lifecycle/index.ts'

/**
 * Does `work` at the start and again so many milliseconds after each end. A stop waits for what is
 * under way. `work` must not throw.
 */
export function createRepeating(
  name: string,
  everyMs: number,
  work: () => Promise<void>,
): Component {
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let running: Promise<void> = Promise.resolve()
  return { name, start, drain, stop }

  function start(): void {
    running = work().then(() => {
      if (!stopped) timer = setTimeout(start, everyMs)
    })
  }

  function drain(): void {
    stopped = true
    clearTimeout(timer)
  }

  async function stop(): Promise<void> {
    drain()
    await running
  }
}
