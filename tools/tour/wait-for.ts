import { setTimeout as sleep } from 'node:timers/promises'

/** Asks until there is an answer, for at most so many milliseconds. */
export async function waitFor<T>(
  ask: () => Promise<T | undefined>,
  withinMs = 30_000,
): Promise<T | undefined> {
  const until = Date.now() + withinMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined || Date.now() > until) return answer
    await sleep(50)
  }
}
