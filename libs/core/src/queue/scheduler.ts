import type { JobSchedulerJson, Queue } from 'bullmq'
import type { Component } from '../lifecycle/index.ts'
import { createOutageLog, type Logger } from '../logging/index.ts'
import { withDeadline } from '../redis/index.ts'
import { leftQueuesOf, taskQueuesOf } from './names.ts'
import type { Metrics } from '../telemetry/index.ts'
import type { Queues } from './queues.ts'
import { countTicks } from './schedule.ts'
import { createSchedulerClaim } from './scheduler-claim.ts'
import { isSamePlan, planSchedule, type PlannedSchedule } from './schedule-plan.ts'
import type { TaskHandler } from './task.ts'
import { createRepeating } from './repeating.ts'

export interface SchedulerDeps {
  queues: Queues
  /** The modules whose schedules this process looks after, each with all its tasks. */
  modules: readonly { name: string; tasks?: readonly TaskHandler[] | undefined }[]
  log: Logger
  metrics: Pick<Metrics, 'scheduleRunsMissed'>
  everyMs?: number
}

const deadlineMs = 5_000
/** A next run that is overdue by this much and has no job will never come by itself. */
const overdueMs = 60_000
/** A scheduler that misses so many looks is taken for gone. */
const looksOfClaim = 3

/**
 * Keeps BullMQ's job schedulers as the tasks declare them: adds, changes and removes, at once and
 * every 30 seconds, because an emptied Redis forgets them silently. BullMQ makes the runs, so
 * several schedulers side by side make no more of them. Where their releases differ, the one that
 * was started last decides.
 */
export function createScheduler({
  queues,
  modules,
  log,
  metrics,
  everyMs = 30_000,
}: SchedulerDeps): Component {
  const outage = createOutageLog(log, 'the scheduler')
  const nextRuns = new Map<string, Date>()
  const claim = createSchedulerClaim({ redis: queues.redis, lastsMs: looksOfClaim * everyMs })
  return createRepeating('scheduler', everyMs, () =>
    reconcile().then(outage.recovered, outage.failed),
  )

  async function reconcile(): Promise<void> {
    const failures: unknown[] = []
    for (const name of await findLeft(failures))
      await reconcileQueue(queues.get(name), []).catch((error: unknown) => failures.push(error))
    for (const module of modules)
      for (const name of taskQueuesOf(module)) {
        const tasks = module.tasks?.filter(({ task }) => task.queue === name) ?? []
        await reconcileQueue(queues.get(name), tasks).catch((error: unknown) =>
          failures.push(error),
        )
      }
    if (failures.length > 0) throw failures[0]
  }

  /** First, so that a schedule is in one queue at a time. */
  async function findLeft(failures: unknown[]): Promise<string[]> {
    return queues.findUsed(modules.flatMap(leftQueuesOf)).catch((error: unknown) => {
      failures.push(error)
      return []
    })
  }

  async function reconcileQueue(queue: Queue, tasks: readonly TaskHandler[]): Promise<void> {
    const planned = tasks.flatMap((handler) =>
      handler.schedule ? [planSchedule(handler, handler.schedule)] : [],
    )
    const existing = await withDeadline(queue.getJobSchedulers(), deadlineMs)
    for (const { id } of planned) metrics.scheduleRunsMissed.inc({ task: id }, 0)
    const byId = new Map(existing.map((schedule) => [schedule.key, schedule]))
    if (!(await claim.renew(queue))) return standBy(planned, byId)
    const declared = new Set(planned.map(({ id }) => id))
    for (const id of byId.keys()) if (!declared.has(id)) await remove(queue, id)
    for (const plan of planned) await keep(queue, plan, byId.get(plan.id))
    await keepConcurrency(queue, tasks)
  }

  /**
   * Another scheduler decides. This one may take over, and must know then which runs are missed.
   */
  function standBy(planned: PlannedSchedule[], existing: Map<string, JobSchedulerJson>): void {
    for (const { id } of planned) {
      const next = existing.get(id)?.next
      if (next) nextRuns.set(id, new Date(next))
      else nextRuns.delete(id)
    }
  }

  /** The worker of a queue brings the rate, and each process its own concurrency; that of all together is kept in Redis. */
  async function keepConcurrency(queue: Queue, tasks: readonly TaskHandler[]): Promise<void> {
    const own = tasks.find(({ task }) => task.queue === task.name)
    if (!own) return
    const declared = own.task.limits.concurrency
    const existing = await withDeadline(queue.getGlobalConcurrency(), deadlineMs)
    if ((existing ?? undefined) === declared) return
    const change = declared ? queue.setGlobalConcurrency(declared) : queue.removeGlobalConcurrency()
    await withDeadline(change, deadlineMs)
  }

  async function keep(queue: Queue, plan: PlannedSchedule, existing?: JobSchedulerJson) {
    const isSame = existing !== undefined && isSamePlan(plan, existing)
    if (isSame && !(await isStuck(queue, existing))) {
      if (existing.next) nextRuns.set(plan.id, new Date(existing.next))
      return
    }
    if (isSame || !existing) tellMissed(plan, existing)
    const first = await withDeadline(
      queue.upsertJobScheduler(plan.id, plan.repeat, plan.template),
      deadlineMs,
    )
    nextRuns.set(plan.id, new Date(first.timestamp + first.delay))
    log.info({ task: plan.id, ...plan.repeat }, existing ? 'schedule changed' : 'schedule added')
  }

  /**
   * A run that was lost is told here, one that came late by the worker that makes it. One that was made since the last look and lost with the data of
   * Redis counts as missed: better told twice than never.
   */
  function tellMissed({ id, schedule }: PlannedSchedule, existing?: JobSchedulerJson): void {
    const dueAt = existing?.next ? new Date(existing.next) : nextRuns.get(id)
    nextRuns.delete(id)
    const now = new Date()
    if (!dueAt || dueAt > now) return
    const missed = 1 + countTicks(schedule, dueAt, now)
    metrics.scheduleRunsMissed.inc({ task: id }, missed)
    log.warn({ task: id, missed, dueAt }, 'a schedule missed runs')
  }

  async function remove(queue: Queue, id: string): Promise<void> {
    nextRuns.delete(id)
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
