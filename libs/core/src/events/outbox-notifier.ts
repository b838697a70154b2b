import type { CoreConfig } from '../config/index.ts'
import { PatientPool } from '../db/patient-pool.ts'
import type { Component } from '../lifecycle/index.ts'
import type { Logger } from '../logging/index.ts'

/** The channel on which relays hear that the outbox has something new. */
export const outboxChannel = 'ashlar_outbox'

/** At most one notification in this many milliseconds. */
const quietMs = 2

/** Tells the relays that there is something in the outbox. */
export interface OutboxNotifier {
  /** Never throws and does not wait. */
  wake(): void
}

export interface OutboxNotifierDeps {
  config: Pick<CoreConfig, 'databaseUrl'>
  log: Logger
}

/**
 * Wakes the relays after a commit. On a statement of its own: inside the transactions, NOTIFY makes their commits queue behind one lock. And on a
 * connection of its own, opened by the first event, so that it neither waits for a busy pool nor keeps a request waiting. A notification that
 * gets lost costs a second at most, because the relays look by themselves too.
 */
export function createOutboxNotifier({ config, log }: OutboxNotifierDeps) {
  const connection = new PatientPool({
    connectionString: config.databaseUrl,
    application_name: 'ashlar outbox notifier',
    max: 1,
    idleTimeoutMillis: 60_000,
    query_timeout: 1_000,
    keepAlive: true,
  })
  connection.on('error', (error) => log.debug({ err: error }, 'lost the connection to wake relays'))
  let sending: Promise<void> | undefined
  let again = false
  return { name: 'outbox notifier', wake, stop } satisfies Component & OutboxNotifier

  function wake(): void {
    again = true
    sending ??= send().finally(() => (sending = undefined))
  }

  async function send(): Promise<void> {
    while (again) {
      again = false
      await connection
        .query('SELECT pg_notify($1, $2)', [outboxChannel, ''])
        .catch((error: unknown) => log.debug({ err: error }, 'could not wake the relays'))
      await pause()
    }
  }

  async function stop(): Promise<void> {
    await sending
    await connection.end()
  }
}

const pause = () => new Promise((resolve) => setTimeout(resolve, quietMs).unref())
