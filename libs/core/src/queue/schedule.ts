import type { z } from 'zod'
import { isTimeZone } from './clock-changes.ts'
import { createCronTimes, type CronSchedule } from './cron-times.ts'

/**
 * When a task runs by itself: at the times of a cron expression (five fields, or six with seconds;
 * UTC unless a time zone is given), or every so many milliseconds.
 *
 * In a zone with daylight saving, a time that the clock skips runs later, by as much as was skipped
 * (an hour in most zones), and one that comes twice runs the first time. An expression that names
 * every hour runs in each hour that passes, also in the one that comes twice. Runs that fall
 * together are one.
 */
export type Schedule = (CronSchedule | { everyMs: number }) & {
  /** Payload of each run; `{}` if unset. */
  payload?: unknown
}

/** Refuses what would never run, or run with a payload that the task does not take. */
export function assertSchedule(
  { name, schema }: { name: string; schema: z.ZodType },
  schedule: Schedule,
): void {
  const fault = findFault(schedule) ?? findPayloadFault(schema, schedule.payload ?? {})
  if (fault) throw new TypeError(`The schedule of ${name} cannot be used: ${fault}`)
}

/** How many times of a schedule lie after `from` and not after `until`; counting ends at `most`. */
export function countTicks(schedule: Schedule, from: Date, until: Date, most = 100_000): number {
  if ('everyMs' in schedule)
    return Math.min(Math.floor((until.getTime() - from.getTime()) / schedule.everyMs), most)
  const times = createCronTimes(schedule)
  let count = 0
  for (let time = times.next(from.getTime()); time <= until.getTime(); time = times.next(time))
    if (++count === most) break
  return count
}

function findFault(schedule: Schedule): string | undefined {
  if ('everyMs' in schedule)
    return Number.isInteger(schedule.everyMs) && schedule.everyMs > 0
      ? undefined
      : `everyMs is ${schedule.everyMs}; give a whole number of milliseconds above 0.`
  const { cron, timeZone } = schedule
  if (timeZone !== undefined && !isTimeZone(timeZone))
    return `"${timeZone}" is no time zone; give a name like Europe/Vienna.`
  try {
    if (!/^\s*(@\w+|\S+(\s+\S+){4,5})\s*$/.test(cron)) throw new Error('it needs five fields')
    createCronTimes(schedule).next(Date.now())
    return undefined
  } catch (error) {
    return `"${cron}" is no cron expression (${(error as Error).message}).`
  }
}

function findPayloadFault(schema: z.ZodType, payload: unknown): string | undefined {
  const { error } = schema.safeParse(payload)
  return error && `its payload: ${error.issues.map(({ message }) => message).join(', ')}.`
}
