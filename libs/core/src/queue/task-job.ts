import type { Job } from 'bullmq'

/** A job as its task's owner sees it. */
export interface TaskJob<Result = unknown> {
  id: string
  state: TaskJobState
  /** Attempts that have begun and ended. */
  attempts: number
  /** What the run told last; 0 before. */
  progress: number | object
  /** Of a completed job. */
  result?: Result
  /** Why the last attempt failed. */
  reason?: string
  enqueuedAt: Date
}

export type TaskJobState = 'waiting' | 'delayed' | 'running' | 'completed' | 'dead' | 'unknown'

const states: Record<string, TaskJobState> = {
  waiting: 'waiting',
  prioritized: 'waiting',
  'waiting-children': 'waiting',
  delayed: 'delayed',
  active: 'running',
  completed: 'completed',
  failed: 'dead',
}

export function toTaskJob<Result>(job: Job, bullState: string): TaskJob<Result> {
  const state = states[bullState] ?? 'unknown'
  return {
    id: job.id ?? '',
    state,
    attempts: job.attemptsMade,
    progress: typeof job.progress === 'object' ? job.progress : Number(job.progress),
    ...(state === 'completed' && { result: (job.returnvalue ?? undefined) as Result }),
    ...(job.failedReason && { reason: job.failedReason }),
    enqueuedAt: new Date(job.timestamp),
  }
}
