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
import { handOverDue, type Turn } from './due-deliveries.ts'
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
  const passTurn = createTurnPassing({ pool, queues, log: deps.log })
  const modules = Map.groupBy(listeners, ({ id }) => moduleOf(id))
  const worked = [...modules].map(([module, own]) =>
    toQueue(module, own, { inbox, passTurn, concurrency }),
  )
  return createJobWorkers({ ...deps, name: 'listener workers', queues: worked })
}

interface TurnPassingDeps {
  pool: Pool
  queues: Queues
  log: Logger
}

/** If it fails, the relays' next look at what is due makes up for it. */
function createTurnPassing({ pool, queues, log }: TurnPassingDeps) {
  const pass = coalesce(async (turns: Turn[]) => {
    await handOverDue({ pool, queues }, turns)
    return turns
  })
  return (turn: Turn) =>
    pass(turn).catch((error: unknown) => {
      log.debug({ err: error }, 'the next delivery of a key is left to a relay')
    })
}

interface Delivering {
  inbox: Inbox
  passTurn: (turn: Turn) => Promise<unknown>
  concurrency: number
}

function toQueue(
  module: string,
  listeners: Listener[],
  { inbox, passTurn, concurrency }: Delivering,
): WorkedQueue {
  const byId = new Map(listeners.map((listener) => [listener.id, listener]))
  if (byId.size < listeners.length)
    throw new TypeError(`Two listeners of the module ${module} have the same id.`)
  const queue = eventQueue(module)
  return { name: queue, concurrency, policyOf, isObsolete, run, giveUp }

  function policyOf({ name }: { name: string }) {
    return byId.get(name)?.policy
  }

  async function isObsolete(job: Pick<JobRun, 'name' | 'data'>) {
    return (await inbox.stateOf(keyOf(job))) !== 'owed'
  }

  async function run(job: JobRun) {
    const { eventId, occurredAt, payload, orderKey, added } = readPayload(EventJob, job.data)
    const key = { eventId, listenerId: job.name, queue }
    // What cannot have been handled is not asked for, except to find out whether the database is there: without it no work begins, and no attempt is lost.
    const isFirst = added !== undefined && added === job.firstStart
    if (!(isFirst && inbox.answeredJustNow()) && (await stateOf(key)) === 'finished')
      return { skipped: true }
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
    await inbox.finish(key)
    if (orderKey !== undefined) await passTurn({ listenerId: job.name, orderKey })
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
