import type { Pool } from 'pg'
import type { Logger } from '../logging/index.ts'

/** The channel on which relays hear that the outbox has something new. */
export const outboxChannel = 'ashlar_outbox'

/** At most one notification in this many milliseconds. */
const quietMs = 2

export type OutboxNotifier = ReturnType<typeof createOutboxNotifier>

/**
 * Wakes the relays after a commit. On a statement of its own: inside the transactions, NOTIFY makes their commits queue behind one lock.
 * A notification that gets lost costs a second at most, because the relays look by themselves too.
 */
export function createOutboxNotifier({ pool, log }: { pool: Pool; log: Logger }) {
  let sending = false
  let again = false
  return { wake }

  /** Never throws and does not wait. */
  function wake(): void {
    again = true
    if (!sending) void send()
  }

  async function send(): Promise<void> {
    sending = true
    while (again) {
      again = false
      await pool.query('SELECT pg_notify($1, $2)', [outboxChannel, '']).catch((error: unknown) => {
        log.debug({ err: error }, 'could not wake the relays')
      })
      await pause()
    }
    sending = false
  }
}

const pause = () => new Promise((resolve) => setTimeout(resolve, quietMs).unref())
