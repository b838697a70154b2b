import type { JobSchedulerJson, Queue } from 'bullmq'
import type { Component } from '../lifecycle/index.ts'
import type { Logger } from '../logging/index.ts'
import { createOutageLog, withDeadline } from '../redis/index.ts'
import { taskQueue } from './names.ts'
import type { Queues } from './queues.ts'
import { isSamePlan, planSchedule, type PlannedSchedule } from './schedule-plan.ts'
import type { TaskHandler } from './task.ts'
import { createRepeating } from './repeating.ts'

export interface SchedulerDeps {
  queues: Queues
  /** The modules whose schedules this process looks after, each with all its tasks. */
  modules: readonly { name: string; tasks?: readonly TaskHandler[] | undefined }[]
  log: Logger
  everyMs?: number
}

const deadlineMs = 5_000
/** A next run that is overdue by this much and has no job will never come by itself. */
const overdueMs = 60_000

/**
 * Keeps BullMQ's job schedulers as the tasks declare them: adds, changes and removes, at once and every 30 seconds, because an emptied
 * Redis forgets them silently. BullMQ makes the runs, so several schedulers side by side make no more of them.
 */
export function createScheduler({
  queues,
  modules,
  log,
  everyMs = 30_000,
}: SchedulerDeps): Component {
  const outage = createOutageLog(log, 'the scheduler')
  return createRepeating('scheduler', everyMs, () =>
    reconcile().then(outage.recovered, outage.failed),
  )

  async function reconcile(): Promise<void> {
    const failures: unknown[] = []
    for (const { name, tasks = [] } of modules)
      await reconcileQueue(queues.get(taskQueue(name)), tasks).catch((error: unknown) =>
        failures.push(error),
      )
    if (failures.length > 0) throw failures[0]
  }

  async function reconcileQueue(queue: Queue, tasks: readonly TaskHandler[]): Promise<void> {
    const planned = tasks.flatMap((handler) =>
      handler.schedule ? [planSchedule(handler, handler.schedule)] : [],
    )
    const existing = await withDeadline(queue.getJobSchedulers(), deadlineMs)
    const byId = new Map(existing.map((schedule) => [schedule.key, schedule]))
    const declared = new Set(planned.map(({ id }) => id))
    for (const id of byId.keys()) if (!declared.has(id)) await remove(queue, id)
    for (const plan of planned) await keep(queue, plan, byId.get(plan.id))
  }

  async function keep(queue: Queue, plan: PlannedSchedule, existing?: JobSchedulerJson) {
    if (existing && isSamePlan(plan, existing) && !(await isStuck(queue, existing))) return
    await withDeadline(queue.upsertJobScheduler(plan.id, plan.repeat, plan.template), deadlineMs)
    log.info({ task: plan.id, ...plan.repeat }, existing ? 'schedule changed' : 'schedule added')
  }

  async function remove(queue: Queue, id: string): Promise<void> {
    await withDeadline(queue.removeJobScheduler(id), deadlineMs)
    log.info({ task: id }, 'schedule removed')
  }
}

/** Each run makes the next one, so a schedule whose waiting job was deleted stands still. */
async function isStuck(queue: Queue, { key, next }: JobSchedulerJson): Promise<boolean> {
  if (next === undefined || next > Date.now() - overdueMs) return false
  const job = await withDeadline(queue.getJob(`repeat:${key}:${next}`), deadlineMs)
  return job === undefined
}
