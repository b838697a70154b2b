import fc from 'fast-check'
import { measureCpu } from '../../testing/measure-cpu.ts'
import { findStretches } from './clock-changes.ts'
import { createCronTimes } from './cron-times.ts'
import { anyCron, minute, timesByWalk, walkClock } from './testing/slow-cron.ts'

const day = 1_440 * minute
const zones = Intl.supportedValuesOf('timeZone')
const year = (number: number) => [Date.UTC(number, 0, 1), Date.UTC(number + 1, 0, 1)] as const
const changesOf = (timeZone: string, number: number) =>
  findStretches(timeZone, ...year(number)).filter(({ jump }) => jump !== 0)
const changing = zones.filter((timeZone) => changesOf(timeZone, 2027).length > 0)

describe('the times of a cron expression', () => {
  it.each([
    ['Asia/Beirut', '0 0 * * *', '2027-03-27T22:00:00Z'],
    ['Asia/Beirut', '0 0 * * 0', '2027-03-27T22:00:00Z'],
    ['Africa/Cairo', '0 0 * * *', '2027-04-29T22:00:00Z'],
    ['America/Santiago', '30 0 * * SUN', '2027-09-05T04:30:00Z'],
    ['America/Havana', '0 0 14 3 *', '2027-03-14T05:00:00Z'],
    ['America/Nuuk', '30 23 * * 6', '2027-03-28T01:30:00Z'],
    ['Europe/Vienna', '*/20 2 * * *', '2027-03-28T01:00:00Z'],
    ['Australia/Lord_Howe', '10 2 * * *', '2027-10-02T15:40:00Z'],
    ['Antarctica/Troll', '15 1 * * *', '2027-03-28T01:15:00Z'],
    ['Pacific/Apia', '0 12 * * FRI', '2011-12-30T22:00:00Z'],
  ])('come later where the clock skips them: %s, %s', (timeZone, cron, time) => {
    expect(timesOf(timeZone, cron, Date.parse(time) - 60 * minute, 60 * minute)).toContain(
      Date.parse(time),
    )
  })

  it.each([
    ['Asia/Beirut', '30 23 * * *', '2027-10-30T20:30:00Z'],
    ['America/Havana', '0 0 * * *', '2027-11-07T04:00:00Z'],
    ['Europe/Vienna', '30 2 * * *', '2027-10-31T00:30:00Z'],
    ['Australia/Lord_Howe', '45 1 * * *', '2027-04-03T14:45:00Z'],
  ])('come once where the clock brings them twice: %s, %s', (timeZone, cron, time) => {
    expect(timesOf(timeZone, cron, Date.parse(time) - minute, 20 * 60 * minute)).toEqual([
      Date.parse(time),
    ])
  })

  it('come in each hour that passes, where every hour is named', () => {
    for (const { start } of changesOf('Europe/Vienna', 2027))
      for (const cron of ['0 * * * *', '0 0-23 * * *'])
        expect(timesOf('Europe/Vienna', cron, start - day, 2 * day)).toHaveLength(48)
  })

  it('come on each day of a year, at whatever time the clock of a zone changes', () => {
    expect(changing.length).toBeGreaterThan(50)
    for (const timeZone of changing)
      for (const { start, offset, jump } of changesOf(timeZone, 2027)) {
        const wall = new Date(start + offset - Math.max(jump, 0))
        const cron = `${wall.getUTCMinutes()} ${wall.getUTCHours()} * * *`
        const times = timesOf(timeZone, cron, start - 7.5 * day, 15 * day)
        expect({ timeZone, cron, days: times.length }).toEqual({ timeZone, cron, days: 15 })
      }
  })

  it('are those that a slow walk over the clock finds, in every zone', () => {
    const zone = fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...changing) },
      fc.constantFrom(...zones),
    )
    const place = fc.record({
      zone,
      year: fc.integer({ min: 2000, max: 2035 }),
      change: fc.nat(5),
      before: fc.integer({ min: 1, max: 1_500 }),
      crons: fc.array(anyCron, { minLength: 8, maxLength: 8 }),
    })
    fc.assert(
      fc.property(place, ({ zone, year, change, before, crons }) => {
        const changes = changesOf(zone, year)
        const near = changes[change % changes.length]?.start ?? Date.UTC(year, 5, 1)
        const from = Math.floor(near / minute) * minute - before * minute
        const until = from + 3_000 * minute
        const clock = walkClock(zone, from - day, until)
        for (const cron of crons)
          expect({
            cron: cron.text,
            times: isoOf(timesOf(zone, cron.text, from, until - from)),
          }).toEqual({ cron: cron.text, times: isoOf(timesByWalk(cron, clock, from)) })
      }),
      { numRuns: 40 },
    )
  })

  it('leave out none that the clock skips and that comes just over a day after the look', () => {
    const { next } = createCronTimes({ cron: '9 2 1,14 * *', timeZone: 'America/Chicago' })
    const look = Date.parse('2027-03-13T08:08:00Z')
    expect(isoOf([next(look)])).toEqual(['2027-03-14T08:09:00.000Z'])
  })

  it('are found without a search that grows with their distance', async () => {
    const { cpuMs } = await measureCpu(() => {
      for (const cron of ['0 0 29 2 *', '0 0 1 1 *', '* * * * * *']) {
        const times = createCronTimes({ cron, timeZone: 'Asia/Beirut' })
        for (let count = 0, time = Date.UTC(2026, 11, 1); count < 20; count++)
          time = times.next(time)
      }
    })
    expect(cpuMs).toBeLessThan(5_000)
  })
})

function timesOf(timeZone: string, cron: string, from: number, length: number): number[] {
  const { next } = createCronTimes({ cron, timeZone })
  const times = []
  for (let time = next(from); time <= from + length; time = next(time)) times.push(time)
  return times
}

const isoOf = (times: number[]) => times.map((time) => new Date(time).toISOString())
