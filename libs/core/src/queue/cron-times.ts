import { CronExpressionParser } from 'cron-parser'
import type { RepeatOptions } from 'bullmq'
import { findStretches, type Stretch } from './clock-changes.ts'

export interface CronSchedule {
  /** Five fields, or six with seconds. */
  cron: string
  /** UTC if unset. */
  timeZone?: string
}

export interface CronTimes {
  /** The first time after a moment, both in milliseconds. */
  next(after: number): number
}

const day = 86_400_000
const everyHour = 24

/**
 * The times of a cron expression in a time zone. `cron-parser` reads the expression and knows no
 * zone here: it sees the wall clock as if it were UTC. Its own handling of zones drops times that
 * are skipped at midnight.
 *
 * A wall-clock time that the clock skips happens later, by as much as was skipped. One that comes
 * twice happens the first time, except where the expression names every hour. Times that fall
 * together are one. Throws if the expression has a fault.
 */
export function createCronTimes({ cron, timeZone = 'UTC' }: CronSchedule): CronTimes {
  // `H` stands for a random value, which has to be the same at each look.
  const wallClock = CronExpressionParser.parse(cron, { tz: 'UTC', hashSeed: cron })
  const isHourly = wallClock.fields.hour.values.length === everyHour
  let known = { from: 0, until: 0, stretches: [] as Stretch[] }
  return { next }

  function next(after: number): number {
    for (let from = after; ;) {
      const until = from + day
      const stretches = stretchesBetween(from - day, until)
      const times = stretches.flatMap((stretch) =>
        stretch.end > from ? firstTimes(stretch, from + 1) : [],
      )
      const first = Math.min(...times)
      if (first <= until) return first
      // A skipped time that happens a moment later is known by the offset of before alone.
      from = Math.max(until, Math.min(first - 1, quietUntil(until, stretches.at(-1)?.offset ?? 0)))
    }
  }

  /** No change of a clock is longer than a day, so what happened in the last one decides. */
  function stretchesBetween(from: number, until: number): Stretch[] {
    const isKnown = known.from <= from && until < known.until
    if (!isKnown) {
      const later = until + day
      known = { from, until: later, stretches: findStretches(timeZone, from, later) }
    }
    return known.stretches
  }

  function firstTimes({ start, end, offset, jump }: Stretch, earliest: number): number[] {
    const repeated = isHourly ? 0 : Math.max(-jump, 0)
    const usual = atOffset(Math.max(start + repeated, earliest), offset)
    const times = usual < end ? [usual] : []
    if (earliest >= start + jump) return times
    const skipped = atOffset(Math.max(start, earliest), offset - jump)
    return skipped < start + jump ? [...times, skipped] : times
  }

  /**
   * Far enough before the next time of the wall clock to be right whatever its offset is by then.
   */
  function quietUntil(from: number, offset: number): number {
    return atOffset(from, offset) - 2 * day
  }

  /** The first time, `earliest` included, of a clock that runs at this offset for ever. */
  function atOffset(earliest: number, offset: number): number {
    wallClock.reset(new Date(earliest + offset - 1))
    return wallClock.next().getTime() - offset
  }
}

/**
 * Replaces the times that BullMQ would compute by {@link createCronTimes}, for each queue and each
 * worker.
 */
export const repeatStrategy = (after: number, { pattern = '', tz }: RepeatOptions): number =>
  createCronTimes({ cron: pattern, ...(tz && { timeZone: tz }) }).next(after)
