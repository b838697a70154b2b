import type { Client } from 'pg'
import { withConnection } from './connection.ts'

export interface LockOptions {
  /** Called when another process holds the lock and this one has to wait. */
  onWait?: () => void
}

const ownLock = `hashtext('ashlar.migrations')`

// The engine, here and in `prisma migrate`, holds this one on the connection that runs the scripts.
const prismaLock = '72707369'

/**
 * Runs `work` while no other process migrates this database. The lock lives as long as its connection, so a killed process lets go of it.
 * It belongs to a session: through a pooler in transaction mode it would hold nothing, therefore `DATABASE_DIRECT_URL`.
 */
export function withMigrationLock<Result>(
  databaseUrl: string,
  { onWait }: LockOptions,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  return withConnection(databaseUrl, async (client) => {
    await client.query('SET statement_timeout = 0; SET lock_timeout = 0')
    await acquire(client, ownLock, onWait)
    // The server goes on with a script whose process was killed, and may commit it yet.
    await acquire(client, prismaLock, onWait)
    await client.query(`SELECT pg_advisory_unlock(${prismaLock})`)
    return work(client)
  })
}

async function acquire(client: Client, key: string, onWait?: () => void): Promise<void> {
  const { rows } = await client.query<{ locked: boolean }>(
    `SELECT pg_try_advisory_lock(${key}) AS locked`,
  )
  if (rows[0]?.locked) return
  onWait?.()
  await client.query(`SELECT pg_advisory_lock(${key})`)
}
