import { retryDelay } from './retry.ts'

it.each([
  [1, 1_000],
  [2, 2_000],
  [5, 16_000],
  [12, 2_048_000],
  [13, 3_600_000],
  [500, 3_600_000],
])('the pause after attempt %i is %i ms, give or take a quarter', (attempt, expected) => {
  const pauses = Array.from({ length: 200 }, () => retryDelay({ backoffMs: 1_000 }, attempt))
  expect(Math.min(...pauses)).toBeGreaterThanOrEqual(expected * 0.75)
  expect(Math.max(...pauses)).toBeLessThanOrEqual(expected * 1.25)
  expect(new Set(pauses).size).toBeGreaterThan(100)
})
