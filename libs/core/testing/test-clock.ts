import type { Clock } from '../src/module/index.ts'

/** A clock that stands still until a test moves it. The only double in the tests. */
export interface TestClock extends Clock {
  /** Moves on by so many milliseconds, or back if negative. */
  advance(ms: number): void
}

export function createTestClock(start = new Date()): TestClock {
  let now = start.getTime()
  return {
    now: () => new Date(now),
    advance(ms) {
      now += ms
    },
  }
}
