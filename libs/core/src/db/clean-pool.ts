import type { PoolClient } from 'pg'
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
const stale = new WeakSet<PoolClient>()

/**
 * A pool whose connections are closed unless they come back idle and in UTC. After a freeze of the
 * server, or of the network, Prisma returns connections whose ROLLBACK was never sent: the next
 * user would write into the transaction of another, and lose it with that. After a `SET TIME ZONE`,
 * the next user would store times in that zone.
 */
export class CleanPool extends PatientPool {
  constructor({ cancelAfterMs, ...config }: CleanPoolConfig) {
    super(config)
    if (cancelAfterMs !== undefined) cancelLateStatements({ pool: this, afterMs: cancelAfterMs })
    this.on('connect', (client) =>
      insideOf(client).connection.on('errorMessage', ({ code }) => {
        if (code === stalePlan) stale.add(client)
      }),
    )
  }

  override connect(): Promise<PoolClient>
  override connect(callback: Connected): void
  override connect(callback?: Connected): Promise<PoolClient> | void {
    if (!callback) return super.connect().then(guarded)
    super.connect((error, client, release) => {
      if (client) guarded(client)
      callback(error, client, client?.release ?? release)
    })
  }
}

/** `release` is a new one each time that the pool hands the connection out. */
function guarded(client: PoolClient): PoolClient {
  client.release = guard(client, client.release)
  return client
}

/** Made here and not where it is assigned: V8 keeps a function that is written where a property gets it in the old generation, with all it holds. */
function guard(client: PoolClient, release: PoolClient['release']): PoolClient['release'] {
  return (error) => release.call(client, error || isSpent(client))
}

const isSpent = (client: PoolClient): boolean =>
  stale.has(client) || wasCancelled(client) || !isIdle(client) || !isInUtc(client)

const insideOf = (client: PoolClient) => client as unknown as Inside

const isInUtc = (client: PoolClient) => client instanceof UtcClient && client.isInUtc()

function isIdle(client: PoolClient): boolean {
  const inside = insideOf(client)
  return inside.readyForQuery && inside.getTransactionStatus() === 'I'
}
