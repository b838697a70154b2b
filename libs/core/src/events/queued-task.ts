import type { JobsOptions } from 'bullmq'

/** The payload of an outbox row that asks for a task. */
export interface QueuedTask {
  data: unknown
  options: JobsOptions
}

const prefix = 'task:'

/** The name of the outbox rows that ask for a task. Its workers subscribe to it; no event can have it, because of the colon. */
export const taskEvent = (taskName: string): string => `${prefix}${taskName}`

export const asksForTask = (eventName: string): boolean => eventName.startsWith(prefix)
