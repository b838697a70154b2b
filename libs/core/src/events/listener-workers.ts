import type { Pool } from 'pg'
import { coalesce } from '../db/index.ts'
import type { Component } from '../lifecycle/index.ts'
import type { Logger } from '../logging/index.ts'
import {
  createJobWorkers,
  eventQueue,
  JobNotStarted,
  moduleOf,
  readPayload,
  type JobRun,
  type JobWorkersDeps,
  type Queues,
  type WorkedQueue,
} from '../queue/index.ts'
import { handOverTheseDue } from './due-deliveries.ts'
import { EventJob } from './event-job.ts'
import { createInbox, type Inbox, type InboxKey } from './inbox.ts'
import type { Listener } from './listener.ts'

export interface ListenerWorkersDeps extends Omit<JobWorkersDeps, 'name' | 'queues'> {
  pool: Pool
  /** Where the next delivery of a key goes when the one before it is done. */
  queues: Queues
  listeners: readonly Listener[]
  /** Deliveries of one module that are handled at once in one process; 20 if unset. */
  concurrency?: number
}

/** Runs the listeners of the given modules, each module in its own queue. A delivery that was handled is not handled again. */
export function createListenerWorkers({
  pool,
  queues,
  listeners,
  concurrency = 20,
  ...deps
}: ListenerWorkersDeps): Component {
  const inbox = createInbox(pool)
  const passOn = createPassOn({ pool, queues, log: deps.log })
  const modules = Map.groupBy(listeners, ({ id }) => moduleOf(id))
  const worked = [...modules].map(([module, own]) =>
    toQueue(module, own, { inbox, passOn, concurrency }),
  )
  return createJobWorkers({ ...deps, name: 'listener workers', queues: worked })
}

interface PassOnDeps {
  pool: Pool
  queues: Queues
  log: Logger
}

/** Hands over the next delivery of a key at once. If it fails, the relays make up for it. */
function createPassOn({ pool, queues, log }: PassOnDeps) {
  const passOn = coalesce(async (dueIds: string[]) => {
    await handOverTheseDue({ pool, queues }, dueIds)
    return dueIds
  })
  return (dueId: string) =>
    passOn(dueId).catch((error: unknown) => {
      log.debug({ err: error }, 'the next delivery of a key is left to a relay')
    })
}

interface Delivering {
  inbox: Inbox
  passOn: (dueId: string) => Promise<unknown>
  concurrency: number
}

function toQueue(
  module: string,
  listeners: Listener[],
  { inbox, passOn, concurrency }: Delivering,
): WorkedQueue {
  const byId = new Map(listeners.map((listener) => [listener.id, listener]))
  if (byId.size < listeners.length)
    throw new TypeError(`Two listeners of the module ${module} have the same id.`)
  const queue = eventQueue(module)
  return { name: queue, concurrency, policyOf, leave, run, giveUp }

  /** Undefined also for another event than the one that the listener of this release is for. */
  function policyOf({ name, data }: Pick<JobRun, 'name' | 'data'>) {
    const listener = byId.get(name)
    const event = (data as Partial<EventJob> | undefined)?.name
    return event === undefined || event === listener?.event.name ? listener?.policy : undefined
  }

  /** From then on PostgreSQL alone has it. */
  async function leave(job: JobRun) {
    const { data, success } = EventJob.safeParse(job.data)
    if (!success) return false
    const { eventId, name: eventName } = data
    const key = { eventId, listenerId: job.name, queue }
    if ((await inbox.stateOf(key)) !== 'owed') return true
    if (!(await inbox.hold({ event_id: eventId, listener_id: job.name, eventName })))
      await inbox.giveUp(key, 'The listener no longer exists.')
    return true
  }

  async function run(job: JobRun) {
    const { eventId, occurredAt, payload, added } = readPayload(EventJob, job.data)
    const key = { eventId, listenerId: job.name, queue }
    // What cannot have been handled is not asked for, except to find out whether the database is there: without it no work begins, and no attempt is lost.
    const isFirst = added !== undefined && added === job.firstStart
    if (!(isFirst && inbox.answeredJustNow()) && (await stateOf(key)) === 'finished')
      return { skipped: true }
    job.signal.throwIfAborted()
    const listener = byId.get(job.name) as Listener
    const { id, attempt, signal, log } = job
    await listener.handle(readPayload(listener.event.schema, payload), {
      id,
      eventId,
      occurredAt: new Date(occurredAt),
      attempt,
      signal,
      log,
    })
    const dueId = await inbox.finish(key)
    if (dueId !== null) await passOn(dueId)
    return undefined
  }

  function stateOf(key: InboxKey) {
    return inbox.stateOf(key).catch((cause: unknown) => {
      throw new JobNotStarted('The inbox cannot be read.', { cause })
    })
  }

  async function giveUp(job: JobRun, reason: string) {
    // A job that names no event was not made by a relay: there is no delivery to mark.
    if (EventJob.safeParse(job.data).success) await inbox.giveUp(keyOf(job), reason)
  }

  function keyOf({ name, data }: Pick<JobRun, 'name' | 'data'>): InboxKey {
    return { eventId: readPayload(EventJob, data).eventId, listenerId: name, queue }
  }
}
