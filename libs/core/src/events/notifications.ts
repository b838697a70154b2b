import { UtcClient } from '../db/index.ts'
import { createOutageLog, type Logger } from '../logging/index.ts'

export interface NotificationsDeps {
  /** Without a pooler between: LISTEN and the locks of the seats belong to one session. */
  connectionString: string
  channel: string
  /** Called for each notification, and when listening begins, because some may have been missed. */
  onNotification: () => void
  log: Logger
}

/**
 * How many processes listen at once. All of them are woken by each notification, and one is enough
 * for it.
 */
const seats = 2
/** An arbitrary number that only these locks use. */
const lockId = 7_242_002
const seatAgainMs = 2_000
const reconnectMs = { first: 50, longest: 1_000 }

/**
 * Listens on a connection of its own, which comes back by itself, if it gets one of the seats.
 * Others try again every few seconds: the seat of a process that died is free. Without the `error`
 * listener a cut would end the process.
 */
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
      mine.once('end', reconnect)
      await listenIfSeated(mine)
      pauseMs = reconnectMs.first
      outage.recovered()
    } catch (error) {
      outage.failed(error)
      void mine.end().catch(() => {})
      if (mine.listenerCount('end') === 0) reconnect()
    }
  }

  async function listenIfSeated(mine: UtcClient): Promise<void> {
    if (await takeSeat(mine)) {
      await mine.query(`LISTEN ${channel}`)
      onNotification()
    } else if (!stopped)
      timer = setTimeout(
        () => void listenIfSeated(mine).catch(() => mine.end().catch(() => {})),
        seatAgainMs * (1 + Math.random()),
      )
  }

  function reconnect(): void {
    if (stopped) return
    clearTimeout(timer)
    timer = setTimeout(() => void connect(), pauseMs)
    pauseMs = Math.min(pauseMs * 2, reconnectMs.longest)
  }
}

async function takeSeat(client: UtcClient): Promise<boolean> {
  for (let seat = 1; seat <= seats; seat += 1) {
    const { rows } = await client.query<{ taken: boolean }>(
      'SELECT pg_try_advisory_lock($1, $2) AS taken',
      [lockId, seat],
    )
    if (rows[0]?.taken) return true
  }
  return false
}
