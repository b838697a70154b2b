import { z } from 'zod'
import { countTicks, type Schedule } from './schedule.ts'
import { defineTask, handle } from './task.ts'

const purge = defineTask('shop.purge', z.object({}))

it.each<[Schedule, string]>([
  [{ cron: '61 3 * * *' }, '"61 3 * * *" is no cron expression (Constraint error'],
  [{ cron: '* * *' }, '"* * *" is no cron expression (it needs five fields)'],
  [{ cron: '' }, 'it needs five fields'],
  [{ cron: '0 0 31 2 *' }, 'is no cron expression'],
  [{ cron: '0 3 * * *', timeZone: 'Mars/Olympus' }, '"Mars/Olympus" is no time zone'],
  [{ everyMs: 0 }, 'everyMs is 0'],
  [{ everyMs: 1.5 }, 'everyMs is 1.5'],
  [{ everyMs: 1_000, payload: 7 }, 'its payload: '],
])('the schedule %j is refused when the process starts', (schedule, reason) => {
  expect(() => handle(purge, () => {}, { schedule })).toThrow(
    'The schedule of shop.purge cannot be used: ',
  )
  expect(() => handle(purge, () => {}, { schedule })).toThrow(reason)
})

it.each<Schedule>([
  { cron: '17 3 * * 1-5', timeZone: 'Europe/Vienna' },
  { cron: '*/10 * * * * *' },
  { cron: '@daily' },
  { everyMs: 1 },
])('the schedule %j is taken', (schedule) => {
  expect(() => handle(purge, () => {}, { schedule })).not.toThrow()
})

const vienna = (cron: string) => ({ cron, timeZone: 'Europe/Vienna' })

it.each<[string, Schedule, string, string, number]>([
  ['an interval', { everyMs: 60_000 }, '2026-05-01T00:00:00Z', '2026-05-01T00:05:30Z', 5],
  ['a cron', { cron: '0 * * * *' }, '2026-05-01T00:00:00Z', '2026-05-01T03:00:00Z', 3],
  ['nothing', { cron: '0 * * * *' }, '2026-05-01T00:00:00Z', '2026-05-01T00:59:59Z', 0],
  ['a skipped time', vienna('30 2 * * *'), '2026-03-28T12:00:00Z', '2026-03-29T12:00:00Z', 1],
  ['a time twice', vienna('30 2 * * *'), '2026-10-24T12:00:00Z', '2026-10-25T12:00:00Z', 1],
  ['each hour of 25', vienna('0 * * * *'), '2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z', 25],
])('the times of %s are counted', (_, schedule, from, until, count) => {
  expect(countTicks(schedule, new Date(from), new Date(until))).toBe(count)
})
