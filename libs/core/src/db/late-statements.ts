import { Connection, type Pool, type PoolClient } from 'pg'

export interface LateStatementsDeps {
  pool: Pool
  /** Milliseconds after which a statement is cancelled. */
  afterMs: number
}

const lookEveryMs = 250
const cancelMs = 1_000

const cancelled = new WeakSet<PoolClient>()

/** A cancellation may arrive late, so the connection must not serve anybody else. */
export const wasCancelled = (client: PoolClient): boolean => cancelled.has(client)

/**
 * Cancels on the server each statement that takes too long, shortly before the client's own limit.
 * The answer then says what happened. Without it the client gives up, the server goes on, and a
 * change appears after it was answered as failed. `statement_timeout` does not do this: PostgreSQL
 * switches it off before it commits, so deferred triggers and synchronous standbys have no limit.
 */
export function cancelLateStatements({ pool, afterMs }: LateStatementsDeps): void {
  const running = new Map<PoolClient, { statement: unknown; since: number }>()
  pool.on('acquire', (client) => running.set(client, { statement: null, since: 0 }))
  pool.on('release', (_error, client) => running.delete(client))
  const timer = setInterval(look, lookEveryMs).unref()

  function look(): void {
    if (pool.ended) clearInterval(timer)
    const now = performance.now()
    for (const [client, seen] of running) {
      const statement = insideOf(client)._getActiveQuery()
      if (!statement || statement !== seen.statement) running.set(client, { statement, since: now })
      else if (now - seen.since > afterMs && !cancelled.has(client)) cancel(client)
    }
  }
}

/** Parts of `pg` that its types do not name; its own `Client#cancel` uses the same ones. */
interface Inside {
  _getActiveQuery(): object | null | undefined
  processID: number
  secretKey: number
  ssl: boolean
  sslNegotiation: string
  host: string
  port: number
}
type CancelConnection = Connection & {
  connect(portOrPath: number | string, host?: string): void
  requestSsl(): void
  cancel(processID: number, secretKey: number): void
}

const insideOf = (client: PoolClient) => client as unknown as Inside

/**
 * By the protocol's own request, which needs no log-in, no free slot of the server, and passes
 * through poolers
 * (https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS).
 */
function cancel(client: PoolClient): void {
  cancelled.add(client)
  const { processID, secretKey, ssl, sslNegotiation, host, port } = insideOf(client)
  const connection = new Connection({ ssl }) as CancelConnection
  const send = () => connection.cancel(processID, secretKey)
  connection.on('error', () => undefined)
  if (ssl) connection.once('sslconnect', send)
  if (ssl && sslNegotiation !== 'direct') connection.once('connect', () => connection.requestSsl())
  if (!ssl) connection.once('connect', send)
  if (host.startsWith('/')) connection.connect(`${host}/.s.PGSQL.${port}`)
  else connection.connect(port, host)
  setTimeout(() => connection.stream.destroy(), cancelMs).unref()
}
