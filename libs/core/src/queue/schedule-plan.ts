import { isDeepStrictEqual } from 'node:util'
import type { JobSchedulerJson, JobSchedulerTemplateOptions, RepeatOptions } from 'bullmq'
import { workerBackoff } from './retry.ts'
import type { Schedule } from './schedule.ts'
import type { TaskHandler } from './task.ts'

/** A declared schedule as BullMQ takes it. */
export interface PlannedSchedule {
  id: string
  schedule: Schedule
  repeat: Pick<RepeatOptions, 'pattern' | 'tz' | 'every'>
  template: { name: string; data: unknown; opts: JobSchedulerTemplateOptions }
}

export function planSchedule({ task }: TaskHandler, schedule: Schedule): PlannedSchedule {
  return {
    id: task.name,
    schedule,
    repeat:
      'cron' in schedule
        ? { pattern: schedule.cron, tz: schedule.timeZone ?? 'UTC' }
        : { every: schedule.everyMs },
    template: {
      name: task.name,
      data: schedule.payload ?? {},
      opts: { attempts: task.policy.attempts, backoff: workerBackoff },
    },
  }
}

/** True if BullMQ holds the schedule as it is declared. One that is the same is left alone: writing it again would move its next run. */
export function isSamePlan(planned: PlannedSchedule, existing: JobSchedulerJson): boolean {
  const { repeat, template } = planned
  return (
    existing.name === template.name &&
    existing.pattern === repeat.pattern &&
    existing.tz === repeat.tz &&
    existing.every === repeat.every &&
    isDeepStrictEqual(existing.template?.data ?? {}, template.data) &&
    existing.template?.opts?.attempts === template.opts.attempts
  )
}
