import { timeSpan } from './time-span.ts'

it.each([
  [900_000, '15 minutes'],
  [60_000, '1 minute'],
  [86_400_000, '1 day'],
  [90_000, '90 seconds'],
  [172_800_000, '2 days'],
  [1_500, '1 second'],
])('%d ms are %s', (ms, text) => {
  expect(timeSpan(ms)).toBe(text)
})
