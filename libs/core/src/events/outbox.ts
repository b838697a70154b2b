import type { z } from 'zod'
import type { CoreConfig } from '../config/index.ts'
import type { Db } from '../db/index.ts'
import { checkPayload } from '../queue/index.ts'
import { currentTraceContext } from '../telemetry/index.ts'
import type { EventDefinition } from './event.ts'

/** Where a module tells facts. */
export interface Outbox {
  /**
   * Writes an event down on the outbox's connection: inside a transaction it happens with the rest, or not at all. Throws if the payload
   * breaks the event's schema, which is a defect of the caller.
   */
  publish<Schema extends z.ZodType>(
    event: EventDefinition<Schema>,
    payload: z.input<Schema>,
  ): Promise<void>
}

/** What the outbox needs of a client or a transaction. */
export interface OutboxTable {
  outboxEvent: { create(args: { data: OutboxRow }): PromiseLike<unknown> }
}

/** Bytes of JSON that a payload may have. */
export type PayloadLimit = Pick<CoreConfig, 'payloadLimit'>

type OutboxRow = Pick<
  Parameters<Db['outboxEvent']['create']>[0]['data'],
  'name' | 'payload' | 'key' | 'traceContext'
>

export function createOutbox(tables: OutboxTable, { payloadLimit }: PayloadLimit): Outbox {
  return { publish }

  async function publish(event: EventDefinition, payload: unknown): Promise<void> {
    const traceContext = currentTraceContext()
    const checked = checkPayload(event, payload, payloadLimit)
    const data = {
      name: event.name,
      payload: checked as OutboxRow['payload'],
      ...(event.key && { key: String(event.key(checked)) }),
      ...(traceContext && { traceContext: { ...traceContext } }),
    }
    await tables.outboxEvent.create({ data })
  }
}
