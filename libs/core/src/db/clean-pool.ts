import { DatabaseError, type PoolClient } from 'pg'
import { cancelLateStatements, wasCancelled } from './late-statements.ts'
import { PatientPool, type Connected, type PatientPoolConfig } from './patient-pool.ts'
import { UtcClient } from './utc-client.ts'

export interface CleanPoolConfig extends PatientPoolConfig {
  /** Milliseconds after which a statement is cancelled on the server; never if absent. */
  cancelAfterMs?: number
}

/** What pg knows of a connection, and its types do not tell. */
interface Inside {
  /** `I` idle, `T` in a transaction, `E` in one that failed: as the server said last. */
  getTransactionStatus(): string | null
  /** False while a statement is on its way. */
  readyForQuery: boolean
  connection: { on(event: 'errorMessage', told: (message: { code?: string }) => void): void }
}

/** A kept plan that a migration made useless (`cached plan must not change result type`): it stays so on this connection. */
const stalePlan = '0A000'
/**
 * A server that takes no writes. After a failover, an old connection may lead to what is a standby
 * now; a new one leads to the server that takes writes.
 */
const readOnly = '25006'

/**
 * Where every server refuses writes, new connections do not help, and must not be opened without
 * end.
 */
const renewEveryMs = 5_000

/** How long a server may take to be ready again after it refused a statement. */
const readyMs = 1_000

/**
 * A pool whose connections are closed unless they come back idle and in UTC. After a freeze of the
 * server, or of the network, Prisma returns connections whose ROLLBACK was never sent: the next
 * user would write into the transaction of another, and lose it with that. After a `SET TIME ZONE`,
 * the next user would store times in that zone.
 *
 * A statement that the server refused does not cost its connection: `pg` closes it after any error.
 */
export class CleanPool extends PatientPool {
  readonly #stale = new WeakSet<PoolClient>()
  readonly #openedAt = new WeakMap<PoolClient, number>()
  #renewedAt = -Infinity

  constructor({ cancelAfterMs, ...config }: CleanPoolConfig) {
    super(config)
    if (cancelAfterMs !== undefined) cancelLateStatements({ pool: this, afterMs: cancelAfterMs })
    this.on('connect', (client) => {
      this.#openedAt.set(client, performance.now())
      insideOf(client).connection.on('errorMessage', ({ code }) => {
        if (code === stalePlan || code === readOnly) this.#stale.add(client)
        if (code === readOnly) this.renew()
      })
    })
  }

  /** Connections that are open now serve nobody any more once they come back. */
  renew(): void {
    const now = performance.now()
    if (now - this.#renewedAt > renewEveryMs) this.#renewedAt = now
  }

  override connect(): Promise<PoolClient>
  override connect(callback: Connected): void
  override connect(callback?: Connected): Promise<PoolClient> | void {
    if (!callback) return this.#connectFresh()
    super.connect((error, client, release) => {
      if (client && this.#isStale(client)) {
        release(true)
        return this.connect(callback)
      }
      if (client) this.#guard(client)
      callback(error, client, client?.release ?? release)
    })
  }

  async #connectFresh(): Promise<PoolClient> {
    const client = await super.connect()
    if (!this.#isStale(client)) return this.#guard(client)
    client.release(true)
    return this.#connectFresh()
  }

  /** `release` is a new one each time that the pool hands the connection out. */
  #guard(client: PoolClient): PoolClient {
    client.release = guard(client, client.release, () => this.#isSpent(client))
    return client
  }

  #isSpent(client: PoolClient): boolean {
    return this.#isStale(client) || wasCancelled(client) || !isIdle(client) || !isInUtc(client)
  }

  #isStale(client: PoolClient): boolean {
    return this.#stale.has(client) || (this.#openedAt.get(client) ?? 0) <= this.#renewedAt
  }
}

/** Made here and not where it is assigned: V8 keeps a function that is written where a property gets it in the old generation, with all it holds. */
function guard(
  client: PoolClient,
  release: PoolClient['release'],
  isSpent: () => boolean,
): PoolClient['release'] {
  return (error) => {
    if (error instanceof DatabaseError) onceReady(client, () => release.call(client, isSpent()))
    else release.call(client, error || isSpent())
  }
}

/** `pg` reports an error before the server is ready for the next statement. */
function onceReady(client: PoolClient, then: () => void): void {
  if (insideOf(client).readyForQuery) return then()
  const timer = setTimeout(settle, readyMs)
  const events = ['drain', 'end', 'error'] as const
  for (const event of events) client.on(event, settle)

  function settle(): void {
    clearTimeout(timer)
    for (const event of events) client.off(event, settle)
    then()
  }
}

const insideOf = (client: PoolClient) => client as unknown as Inside

const isInUtc = (client: PoolClient) => client instanceof UtcClient && client.isInUtc()

function isIdle(client: PoolClient): boolean {
  const inside = insideOf(client)
  return inside.readyForQuery && inside.getTransactionStatus() === 'I'
}
