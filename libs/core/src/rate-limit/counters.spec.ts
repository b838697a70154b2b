import { createCounters } from './counters.ts'

it('remembers so many keys, and forgets the one that was quiet for the longest time', () => {
  const counters = createCounters(60_000, 2)
  counters.hit('a')
  counters.hit('b')
  counters.hit('a')
  counters.hit('c')
  expect(['a', 'b', 'c'].map((key) => counters.find(key)?.hits)).toEqual([2, undefined, 1])
})
