import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'
import { withConnection } from './connection.ts'

export interface LockOptions {
  /** Called when another process holds the lock and this one has to wait. */
  onWait?: () => void
}

// The lock of `prisma migrate`, so that its command line and this do not work at the same time.
const lockKey = '72707369'

const pollMs = 200

/**
 * Runs `work` while no other process migrates this database. The lock belongs to the connection
 * that runs the scripts: that of a killed process keeps it until the server has ended the statement
 * at hand, which may commit yet. Through a pooler in transaction mode it would hold nothing,
 * therefore `DATABASE_DIRECT_URL`.
 */
export function withMigrationLock<Result>(
  databaseUrl: string,
  { onWait }: LockOptions,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  return withConnection(databaseUrl, async (client) => {
    await client.query('SET statement_timeout = 0; SET lock_timeout = 0')
    await acquire(client, onWait)
    return work(client)
  })
}

/**
 * Looks now and then: a statement that waits for the lock would keep `CREATE INDEX CONCURRENTLY`
 * waiting for its end.
 */
async function acquire(client: Client, onWait?: () => void): Promise<void> {
  if (await isAcquired(client)) return
  onWait?.()
  do await sleep(pollMs)
  while (!(await isAcquired(client)))
}

async function isAcquired(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>(
    `SELECT pg_try_advisory_lock(${lockKey}) AS locked`,
  )
  return rows[0]?.locked === true
}
