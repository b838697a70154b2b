import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'
import { withConnection } from './connection.ts'

/** A session that holds what a migration waits for. */
interface LockHolder {
  /** 0 for a prepared transaction, which has no session. */
  pid: number
  application: string | null
  state: string | null
  /**
   * Seconds since its transaction began; null where PostgreSQL hides the session of another role.
   */
  openFor: number | null
  isAutovacuum: boolean
}

export interface Blockage {
  /** Null while it waits for transactions to end, as CONCURRENTLY does. */
  table: string | null
  holders: readonly LockHolder[]
}

export interface LockWatch {
  /** The last wait that was seen since {@link forget}: a statement that gave up waits no more. */
  seen(): Blockage | null
  forget(): void
}

export interface LockWatchOptions {
  databaseUrl: string
  /** How long a wait lasts before it is reported for the first time; later once a minute. */
  reportAfterMs: number
  onLongWait: (blockage: Blockage) => void
}

const pollMs = 200
const reportEveryMs = 60_000

/**
 * Looks from a second connection at what `client` waits for, because PostgreSQL's refusal names
 * neither the table nor the holder of the lock. Migrations that end at once open no connection.
 */
export async function withLockWatch<Result>(
  client: Client,
  { databaseUrl, reportAfterMs, onLongWait }: LockWatchOptions,
  work: (watch: LockWatch) => Promise<Result>,
): Promise<Result> {
  const pid = await readPid(client)
  const ended = new AbortController()
  let seen: Blockage | null = null
  let waitsSince: number | null = null
  let reportAt = 0
  // The watch only explains; a server without a connection to spare does not stop a migration.
  const watching = look().catch(() => undefined)
  try {
    return await work({ seen: () => seen, forget: () => (seen = null) })
  } finally {
    ended.abort()
    await watching
  }

  async function look(): Promise<void> {
    await pause()
    await withConnection(databaseUrl, async (observer) => {
      for (; !ended.signal.aborted; await pause()) note(await readBlockage(observer, pid))
    })
  }

  function note(blockage: Blockage | null): void {
    const now = performance.now()
    if (!blockage) return void (waitsSince = null)
    seen = blockage
    if (waitsSince === null) {
      waitsSince = now
      reportAt = now + reportAfterMs
    }
    if (now < reportAt) return
    reportAt = now + reportEveryMs
    onLongWait(blockage)
  }

  function pause(): Promise<void> {
    return sleep(pollMs, undefined, { signal: ended.signal }).catch(() => undefined)
  }
}

async function readPid(client: Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  return rows[0]!.pid
}

async function readBlockage(observer: Client, pid: number): Promise<Blockage | null> {
  const { rows } = await observer.query<LockHolder & { table: string | null }>(
    `SELECT blocker.pid, application_name AS application, state,
            backend_type IS NOT DISTINCT FROM 'autovacuum worker' AS "isAutovacuum",
            extract(epoch FROM clock_timestamp() - xact_start)::int AS "openFor",
            (SELECT relation::regclass::text FROM pg_locks WHERE pid = $1 AND NOT granted LIMIT 1) AS table
       FROM (SELECT DISTINCT unnest(pg_blocking_pids($1))) AS blocker (pid)
       LEFT JOIN pg_stat_activity ON pg_stat_activity.pid = blocker.pid`,
    [pid],
  )
  const [first] = rows
  if (!first) return null
  return { table: first.table, holders: rows.map(({ table: _table, ...holder }) => holder) }
}

/** Lists who holds a lock, without the text of a query, which may hold values. */
export function describeBlockage({ table, holders }: Blockage): string {
  const names = holders.map(describeHolder).join(' and ')
  return table ? `the table ${table} is locked by ${names}` : `waits for the end of ${names}`
}

/** The statement with which an administrator ends the holders. */
export function wayToEnd({ holders }: Blockage): string {
  const pids = holders.map(({ pid }) => pid).filter((pid) => pid !== 0)
  if (pids.length === 0) return 'ROLLBACK PREPARED …; with a name of pg_prepared_xacts'
  return pids.map((pid) => `SELECT pg_terminate_backend(${pid});`).join(' ')
}

function describeHolder({ pid, application, state, openFor, isAutovacuum }: LockHolder): string {
  if (pid === 0) return 'a prepared transaction'
  const facts = [
    isAutovacuum ? 'autovacuum' : application ? `application "${application}"` : '',
    state ?? '',
    openFor === null ? '' : `transaction open for ${openFor} s`,
  ].filter((fact) => fact !== '')
  return `pid ${pid}${facts.length > 0 ? ` (${facts.join(', ')})` : ''}`
}
