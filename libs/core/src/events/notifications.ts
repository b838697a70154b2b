import { UtcClient } from '../db/index.ts'
import { createOutageLog, type Logger } from '../logging/index.ts'

export interface NotificationsDeps {
  /** Without a pooler between: LISTEN belongs to one session. */
  connectionString: string
  channel: string
  /** Called for each notification, and after each (re)connection, because some may have been missed. */
  onNotification: () => void
  log: Logger
}

const reconnectMs = { first: 50, longest: 1_000 }

/** Listens on a connection of its own, which comes back by itself. Without the `error` listener a cut would end the process. */
export function createNotifications({
  connectionString,
  channel,
  onNotification,
  log,
}: NotificationsDeps) {
  const outage = createOutageLog(log, 'listening for notifications')
  let client: UtcClient | undefined
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let pauseMs = reconnectMs.first
  return { start, stop }

  function start(): void {
    void connect()
  }

  async function stop(): Promise<void> {
    stopped = true
    clearTimeout(timer)
    await client?.end().catch(() => {})
  }

  async function connect(): Promise<void> {
    const mine = new UtcClient({
      connectionString,
      // Nobody waits for it, so a slow machine has time.
      connectionTimeoutMillis: 10_000,
      query_timeout: 2_000,
      keepAlive: true,
      application_name: 'ashlar outbox relay',
    })
    client = mine
    mine.on('error', (error) => outage.failed(error))
    mine.on('notification', onNotification)
    try {
      await mine.connect()
      await mine.query(`LISTEN ${channel}`)
      mine.once('end', reconnect)
      pauseMs = reconnectMs.first
      outage.recovered()
      onNotification()
    } catch (error) {
      outage.failed(error)
      void mine.end().catch(() => {})
      reconnect()
    }
  }

  function reconnect(): void {
    if (stopped) return
    timer = setTimeout(() => void connect(), pauseMs)
    pauseMs = Math.min(pauseMs * 2, reconnectMs.longest)
  }
}
