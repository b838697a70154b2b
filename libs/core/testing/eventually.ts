import { setTimeout as sleep } from 'node:timers/promises'

/** Long enough for a machine that is busy with much else: the limit is for what never comes. */
export const patienceMs = 90_000

/**
 * Waits until `probe` gives something truthy, and gives it. Throws after `withinMs` milliseconds.
 *
 * @example
 * const stone = await eventually(() => store.stones.findById(7))
 */
export async function eventually<T>(
  probe: () => T | Promise<T>,
  withinMs = patienceMs,
): Promise<NonNullable<T>> {
  const until = Date.now() + withinMs
  for (;;) {
    const value = await probe()
    if (value) return value
    if (Date.now() > until) throw new Error(`Not so after ${withinMs} ms: ${probe.toString()}`)
    await sleep(10)
  }
}
