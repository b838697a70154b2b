import fc from 'fast-check'

export const minute = 60_000

/** A cron expression, and what it means: which values each of its fields names. */
export interface SlowCron {
  text: string
  minutes: Set<number>
  hours: Set<number>
  days: Set<number>
  months: Set<number>
  weekdays: Set<number>
  /**
   * True where both days and weekdays are limited: a day that either names is enough, as in every
   * cron.
   */
  isEither: boolean
}

/** A minute, and the time on the wall then, written as if it were UTC. */
interface Tick {
  time: number
  wall: number
}

interface Field {
  text: string
  values: Set<number>
}

/** Values, lists, ranges and steps. Weighted to the hours in which clocks change. */
export const anyCron: fc.Arbitrary<SlowCron> = fc
  .record({
    minutes: fieldOf(0, 59),
    hours: fc.oneof(fieldOf(0, 23), fieldOf(0, 3), fc.constant(textOf('*', range(0, 23)))),
    days: mostlyAny(1, 31),
    months: mostlyAny(1, 12),
    weekdays: mostlyAny(0, 6),
  })
  .map(({ minutes, hours, days, months, weekdays }) => ({
    text: [minutes, hours, days, months, weekdays].map(({ text }) => text).join(' '),
    minutes: minutes.values,
    hours: hours.values,
    days: days.values,
    months: months.values,
    weekdays: weekdays.values,
    isEither: days.text !== '*' && weekdays.text !== '*',
  }))
  .filter(comes)

/** False for a day that none of the months has, as 30 February: a declaration with it is refused. */
function comes({ days, months, isEither }: SlowCron): boolean {
  const first = Math.min(...days)
  return isEither || [...months].some((month) => first <= daysIn(month))
}

/** In a leap year. */
const daysIn = (month: number): number => new Date(Date.UTC(2024, month, 0)).getUTCDate()

/** Reads the clock of a zone minute by minute. */
export function walkClock(timeZone: string, from: number, until: number): Tick[] {
  const format = new Intl.DateTimeFormat('sv', {
    timeZone,
    dateStyle: 'short',
    timeStyle: 'medium',
  })
  const ticks = []
  for (let time = from; time <= until; time += minute)
    ticks.push({ time, wall: Date.parse(`${format.format(time).replace(' ', 'T')}Z`) })
  return ticks
}

/** The times after `from`, by looking at each minute, each skipped one and each repeated one. */
export function timesByWalk(cron: SlowCron, clock: readonly Tick[], from: number): number[] {
  const times = new Set<number>()
  const last = clock.at(-1)?.time ?? 0
  let expected = clock[0]?.wall ?? 0
  let latest = -Infinity
  for (const { time, wall } of clock) {
    for (let skipped = expected; skipped < wall; skipped += minute)
      if (isNamed(cron, skipped)) times.add(time + skipped - expected)
    const isRepeated = wall <= latest && cron.hours.size < 24
    if (!isRepeated && isNamed(cron, wall)) times.add(time)
    latest = Math.max(latest, wall)
    expected = wall + minute
  }
  return [...times].filter((time) => time > from && time <= last).sort((a, b) => a - b)
}

function isNamed(cron: SlowCron, wall: number): boolean {
  const date = new Date(wall)
  const isDay = cron.days.has(date.getUTCDate())
  const isWeekday = cron.weekdays.has(date.getUTCDay())
  return (
    cron.minutes.has(date.getUTCMinutes()) &&
    cron.hours.has(date.getUTCHours()) &&
    cron.months.has(date.getUTCMonth() + 1) &&
    (cron.isEither ? isDay || isWeekday : isDay && isWeekday)
  )
}

function fieldOf(low: number, high: number): fc.Arbitrary<Field> {
  const value = fc.integer({ min: low, max: high })
  const steps = fc.integer({ min: 2, max: high - low || 1 })
  const span = fc.tuple(value, value).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const)
  const part = fc.oneof(
    value.map((only) => textOf(`${only}`, [only])),
    span.map(([a, b]) => textOf(`${a}-${b}`, range(a, b))),
    fc.tuple(span, steps).map(([[a, b], by]) => textOf(`${a}-${b}/${by}`, range(a, b, by))),
  )
  const list = fc
    .array(part, { minLength: 2, maxLength: 3 })
    .filter(areApart)
    .map((parts) => ({ text: parts.map(({ text }) => text).join(), values: unite(parts) }))
  return fc.oneof(list, part)
}

/** A value that is named twice is a fault of the expression. */
function areApart(parts: Field[]): boolean {
  return unite(parts).size === parts.reduce((sum, { values }) => sum + values.size, 0)
}

function unite(parts: Field[]): Set<number> {
  return new Set(parts.flatMap(({ values }) => [...values]))
}

function mostlyAny(low: number, high: number): fc.Arbitrary<Field> {
  const any = fc.constant(textOf('*', range(low, high)))
  return fc.oneof({ weight: 2, arbitrary: any }, fieldOf(low, high))
}

function textOf(text: string, values: number[]): Field {
  return { text, values: new Set(values) }
}

function range(low: number, high: number, by = 1): number[] {
  return Array.from({ length: Math.floor((high - low) / by) + 1 }, (_, index) => low + index * by)
}
