import type { Component } from '../lifecycle/index.ts'
import type { Logger } from '../logging/index.ts'
import { failureReason } from './failure-reason.ts'
import { leftQueuesOf } from './names.ts'
import type { Queues } from './queues.ts'
import { createRepeating } from './repeating.ts'
import type { TaskHandler } from './task.ts'

export interface LeftQueuesDeps {
  queues: Pick<Queues, 'findUsed'>
  tasks: readonly TaskHandler[]
  /** Works off the queue that a task had while it had limits. */
  workOff(handler: TaskHandler): void
  log: Logger
  everyMs?: number | undefined
}

/**
 * Looks for jobs in the queues of tasks that have lost their limits, at the start and every 30 seconds: processes of the version before may
 * still add some, and so may an operator. A queue that was found once is worked off until the process stops.
 */
export function watchLeftQueues({
  queues,
  tasks,
  workOff,
  log,
  everyMs = 30_000,
}: LeftQueuesDeps): Component {
  const byQueue = new Map(tasks.map((handler) => [handler.task.name, handler]))
  const unopened = new Set(leftQueuesOf({ tasks }))
  return createRepeating('left queues', everyMs, look)

  async function look(): Promise<void> {
    try {
      for (const name of await queues.findUsed([...unopened])) {
        unopened.delete(name)
        log.info({ queue: name }, 'jobs of a task are left in the queue that it had with limits')
        workOff(byQueue.get(name) as TaskHandler)
      }
    } catch (error) {
      log.debug({ reason: failureReason(error) }, 'nobody knows which queues have jobs left')
    }
  }
}
