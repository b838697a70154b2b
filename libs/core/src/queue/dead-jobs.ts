import type { Job } from 'bullmq'
import { withDeadline } from '../redis/index.ts'
import type { Queues } from './queues.ts'

/** A job that failed for good. It is kept for 30 days. */
export interface DeadJob {
  id: string
  task: string
  queue: string
  /** What it was to work on. */
  data: unknown
  attempts: number
  reason: string
  diedAt: Date
}

export type DeadJobs = ReturnType<typeof createDeadJobs>

const deadlineMs = 5_000
const pageSize = 200

/**
 * The jobs of these queues that failed for good, for an operator.
 *
 * @example
 * const dead = createDeadJobs({ queues: core.queues, names: modules.flatMap(taskQueuesOf) })
 * for (const { id } of await dead.list()) await dead.retry(id)
 */
export function createDeadJobs({ queues, names }: { queues: Queues; names: readonly string[] }) {
  return { list, retry, remove }

  /** The latest first. */
  async function list(): Promise<DeadJob[]> {
    const jobs = await Promise.all(names.map(listQueue))
    return jobs.flat().sort((a, b) => b.diedAt.getTime() - a.diedAt.getTime())
  }

  /** Gives a job all its attempts again. False if no dead job has this id. */
  async function retry(id: string): Promise<boolean> {
    const job = await find(id)
    if (!job) return false
    const anew = { resetAttemptsMade: true, resetAttemptsStarted: true }
    await withDeadline(job.retry('failed', anew), deadlineMs)
    return true
  }

  /** False if no dead job has this id. */
  async function remove(id: string): Promise<boolean> {
    const job = await find(id)
    if (job) await withDeadline(job.remove(), deadlineMs)
    return job !== undefined
  }

  async function listQueue(name: string): Promise<DeadJob[]> {
    const dead: DeadJob[] = []
    for (;;) {
      const end = dead.length + pageSize - 1
      const page = await withDeadline(queues.get(name).getFailed(dead.length, end), deadlineMs)
      dead.push(...page.map((job) => toDeadJob(name, job)))
      if (page.length < pageSize) return dead
    }
  }

  async function find(id: string): Promise<Job | undefined> {
    for (const name of names) {
      const job = (await withDeadline(queues.get(name).getJob(id), deadlineMs)) as Job | undefined
      if (job && (await withDeadline(job.isFailed(), deadlineMs))) return job
    }
    return undefined
  }
}

const toDeadJob = (queue: string, job: Job): DeadJob => ({
  id: job.id ?? '',
  task: job.name,
  queue,
  data: job.data as unknown,
  attempts: job.attemptsMade,
  reason: job.failedReason ?? '',
  diedAt: new Date(job.finishedOn ?? job.timestamp),
})
