/**
 * A span of time in which the clock of a time zone runs without a change. Times are milliseconds.
 */
export interface Stretch {
  start: number
  end: number
  /** Wall clock minus UTC. */
  offset: number
  /**
   * Length of the change at `start`: positive if the clock skipped, negative if it was set back.
   */
  jump: number
}

const second = 1_000
/** No zone has changed its clock twice within six days since 1970. */
const step = 86_400_000

export function isTimeZone(timeZone: string): boolean {
  try {
    return Boolean(formatOf(timeZone))
  } catch {
    return false
  }
}

/**
 * Splits a span of time at the changes of the clock. The jump before the first stretch is not known
 * and is 0.
 */
export function findStretches(timeZone: string, from: number, until: number): Stretch[] {
  let current: Stretch = { start: from, end: until, offset: offsetAt(timeZone, from), jump: 0 }
  const stretches = [current]
  for (let time = from; time < until; time += step) {
    const end = Math.min(time + step, until)
    const offset = offsetAt(timeZone, end)
    if (offset === current.offset) continue
    const start = findChange(timeZone, time, end)
    current.end = start
    current = { start, end: until, offset, jump: offset - current.offset }
    stretches.push(current)
  }
  return stretches
}

/** The first second after `before` whose offset is that of `after`. */
function findChange(timeZone: string, before: number, after: number): number {
  const offset = offsetAt(timeZone, before)
  let [low, high] = [Math.floor(before / second), Math.floor(after / second)]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (offsetAt(timeZone, middle * second) === offset) low = middle
    else high = middle
  }
  return high * second
}

function offsetAt(timeZone: string, time: number): number {
  const whole = Math.floor(time / second) * second
  const parts = formatOf(timeZone).formatToParts(whole)
  const values = new Map(parts.map(({ type, value }) => [type, Number(value)]))
  const read = (type: Intl.DateTimeFormatPartTypes) => values.get(type) ?? 0
  const wall = Date.UTC(
    ...([read('year'), read('month') - 1, read('day')] as const),
    ...([read('hour'), read('minute'), read('second')] as const),
  )
  return wall - whole
}

/** A format is slow to make and fast to use. */
const formats = new Map<string, Intl.DateTimeFormat>()

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const format =
    formats.get(timeZone) ??
    new Intl.DateTimeFormat('en', {
      timeZone,
      calendar: 'iso8601',
      hourCycle: 'h23',
      ...({ year: 'numeric', month: 'numeric', day: 'numeric' } as const),
      ...({ hour: 'numeric', minute: 'numeric', second: 'numeric' } as const),
    })
  formats.set(timeZone, format)
  return format
}
