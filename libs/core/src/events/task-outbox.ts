import type { z } from 'zod'
import type { Db } from '../db/index.ts'
import {
  checkPayload,
  toBullOptions,
  type JobOptions,
  type TaskDefinition,
} from '../queue/index.ts'
import { currentTraceContext } from '../telemetry/index.ts'
import type { PayloadLimit } from './outbox.ts'
import { taskEvent, type QueuedTask } from './queued-task.ts'

/** Where a module asks for tasks that must not be lost. */
export interface TaskOutbox {
  /**
   * Writes a task down on the store's connection: inside a transaction it is done if the rest happened, or not at all. From there on it is as
   * safe as an event: an emptied Redis costs nothing. Throws if the payload breaks the task's schema, which is a defect of the caller.
   *
   * It takes no `unique`: BullMQ would drop the job while another one with the key waits, and it would be owed for ever. Give the row that
   * asks for the task a unique index instead.
   *
   * @example
   * await store.transaction(async (store) => {
   *   const stone = await store.stones.create(values)
   *   await store.tasks.enqueue(weighStone, { stoneId: stone.id }, { delay: 60_000 })
   * })
   */
  enqueue<Schema extends z.ZodType, Result extends z.ZodType>(
    task: TaskDefinition<Schema, Result>,
    payload: z.input<Schema>,
    options?: JobOptions,
  ): Promise<void>
}

type OutboxRow = Parameters<Db['outboxEvent']['create']>[0]['data']

/** What it needs of a client or a transaction. */
export interface TaskOutboxTables {
  outboxEvent: { create(args: { data: OutboxRow }): PromiseLike<{ id: string }> }
  eventDelivery: {
    create(args: {
      data: { eventId: string; listenerId: string; queue: string; enqueuedAt?: Date }
    }): PromiseLike<unknown>
  }
}

export function createTaskOutbox(
  tables: TaskOutboxTables,
  { payloadLimit }: PayloadLimit,
): TaskOutbox {
  return { enqueue }

  async function enqueue(
    task: TaskDefinition,
    payload: unknown,
    options: JobOptions = {},
  ): Promise<void> {
    const queued: QueuedTask = {
      data: checkPayload(task, payload, payloadLimit),
      options: toBullOptions(task, options),
    }
    const traceContext = currentTraceContext()
    const { id } = await tables.outboxEvent.create({
      data: {
        name: taskEvent(task.name),
        payload: queued as unknown as OutboxRow['payload'],
        ...(traceContext && { traceContext: { ...traceContext } }),
      },
    })
    // An event without a listener is nobody's loss. A task is owed from here on, also where no worker has ever told that it knows it.
    // Before it is due, no sweep looks for its job.
    const { delay = 0 } = options
    await tables.eventDelivery.create({
      data: {
        eventId: id,
        listenerId: task.name,
        queue: task.queue,
        ...(delay > 0 && { enqueuedAt: new Date(Date.now() + delay) }),
      },
    })
  }
}
