import type { Pool } from 'pg'
import type { Logger } from '../logging/index.ts'
import { createWorkLoop } from './work-loop.ts'

/** Rows that come with a counting column and are taken about in its order. */
export interface CountedRows {
  table: string
  /** The counting column, which an index of the rows to take begins with. */
  column: string
  /** Selects the rows to take, in SQL. */
  condition: string
}

export interface Taking {
  /** Rows are taken from the one after this number on. */
  after: number
  /** How many at most. */
  limit: number
}

export interface Taken {
  count: number
  /** The highest number among them; undefined without any. */
  last: number | undefined
  /** Whether there may be more to take at once. */
  isMore: boolean
}

export interface CountedRowsDeps {
  /** Names the work in the log. */
  what: string
  rows: CountedRows
  pool: Pool
  /** Takes rows in a transaction of its own and leaves those that others hold. */
  take: (taking: Taking) => Promise<Taken>
  /** Waited for before each look: no row is taken while it rejects. */
  ready: () => Promise<void>
  /** Milliseconds between two looks without a wake-up. */
  pollMs: number
  log: Logger
}

const mostRows = 500
/**
 * A look begins this many numbers below the last row that was taken. While an old snapshot is open
 * PostgreSQL cannot forget the index entries of rows that were taken, and would read all of them
 * each time.
 */
const margin = 2_000
/**
 * Numbers that one statement looks through for late rows: fewer where it is slow, more where it is
 * fast.
 */
const span = { first: 100_000, least: 10_000, fastMs: 10, slowMs: 50 }
/** After looks for late rows that found none, this many times as long goes by without one. */
const restFactor = 20
/**
 * How often everything is looked through, in case that a writer stood still between its number and
 * its transaction's id.
 */
const everythingEveryMs = 3_600_000

/**
 * Takes rows as they come, and those that come late: a transaction may commit long after others
 * that began after it. Any number of processes may do so side by side.
 *
 * New rows are looked for near the last one that was taken. Late ones are looked for beside it,
 * from the lowest number that an open transaction may still bring, in statements that each go
 * through a bounded part; so the rows that were taken since an old snapshot was opened make no
 * statement slow.
 */
export function createCountedRows({
  what,
  rows: { table, column, condition },
  pool,
  take,
  ready,
  pollMs,
  log,
}: CountedRowsDeps) {
  let limit = mostRows
  /** The highest number that was taken, or was there at the start. */
  let last: number | undefined
  let floor = 0
  let checkpoint: Checkpoint | undefined
  let lookedThroughAllAt = performance.now()
  const newRows = createWorkLoop({ what, work: takeNew, log })
  const lateRows = createWorkLoop({ what: `${what} (late ones)`, work: takeLate, log })
  return { start, wake: newRows.wake, drain, stop }

  function start(): void {
    newRows.start()
    lateRows.start()
  }

  function drain(): void {
    newRows.drain()
    lateRows.drain()
  }

  async function stop(): Promise<void> {
    await Promise.all([newRows.stop(), lateRows.stop()])
  }

  async function takeNew(): Promise<number> {
    await ready()
    last ??= await readLastNumber()
    const taken = await takeSome(Math.max(last - margin, 0))
    last = Math.max(last, taken.last ?? 0)
    return taken.isMore ? 0 : pollMs
  }

  /** Fewer after each failure: together, rows may be too large for this process. */
  async function takeSome(after: number): Promise<Taken> {
    try {
      const taken = await take({ after, limit })
      limit = Math.min(limit * 2, mostRows)
      return taken
    } catch (error) {
      limit = Math.max(Math.floor(limit / 2), 1)
      throw error
    }
  }

  async function takeLate(isStopping: () => boolean): Promise<number> {
    await ready()
    if (last === undefined) return pollMs
    const until = Math.max(last - margin, 0)
    const { xmin, xmax } = await readSnapshot()
    const look = await lookThrough(until, isStopping)
    if (isStopping()) return 0
    moveFloor({ until, xmin, xmax, ...look })
    return look.hasTaken ? 0 : Math.max(pollMs, look.tookMs * restFactor)
  }

  function moveFloor(seen: { until: number; xmin: bigint; xmax: bigint; first: number }): void {
    const isAll = floor === 0
    if (checkpoint && seen.xmin >= checkpoint.xmax && seen.first > checkpoint.number) {
      floor = checkpoint.number
      checkpoint = undefined
    }
    checkpoint ??= { number: seen.until, xmax: seen.xmax }
    if (isAll) lookedThroughAllAt = performance.now()
    else if (performance.now() - lookedThroughAllAt > everythingEveryMs) floor = 0
  }

  async function lookThrough(until: number, isStopping: () => boolean): Promise<Look> {
    const look: Look = { first: Infinity, hasTaken: false, tookMs: 0 }
    let size = span.first
    for (let after = floor; after < until && !isStopping();) {
      const to = Math.min(after + size, until)
      const startedAt = performance.now()
      const first = await findFirst(after, to)
      const tookMs = performance.now() - startedAt
      look.tookMs += tookMs
      if (tookMs < span.fastMs) size *= 2
      else if (tookMs > span.slowMs) size = Math.max(Math.floor(size / 2), span.least)
      // Others may hold all that is there; it is looked for again the next time.
      after = (first && (await takeFrom(first, look))) ?? to
    }
    return look
  }

  /** The number up to which rows were taken; undefined if none was. */
  async function takeFrom(first: number, look: Look): Promise<number | undefined> {
    const taken = await takeSome(first - 1)
    look.first = Math.min(look.first, first)
    look.hasTaken ||= taken.count > 0
    return taken.last
  }

  /**
   * The first row to take whose number is above `after` and not above `to`, also one that another
   * process holds.
   */
  async function findFirst(after: number, to: number): Promise<number | undefined> {
    const { rows } = await pool.query<{ number: string }>(
      `SELECT ${column} AS number FROM ${table}
       WHERE ${condition} AND ${column} > $1 AND ${column} <= $2 ORDER BY ${column} LIMIT 1`,
      [after, to],
    )
    return rows[0] && Number(rows[0].number)
  }

  async function readLastNumber(): Promise<number> {
    const { rows } = await pool.query<{ last: string | null }>(
      'SELECT pg_sequence_last_value(pg_get_serial_sequence($1, $2)::regclass) AS last',
      [table, column],
    )
    return Number(rows[0]?.last ?? 0)
  }

  /** All transactions below `xmin` have ended, and none from `xmax` on had begun to write. */
  async function readSnapshot(): Promise<{ xmin: bigint; xmax: bigint }> {
    const { rows } = await pool.query<{ xmin: string; xmax: string }>(
      `SELECT pg_snapshot_xmin(now)::text AS xmin, pg_snapshot_xmax(now)::text AS xmax
       FROM pg_current_snapshot() AS now`,
    )
    return { xmin: BigInt(rows[0]?.xmin ?? 0), xmax: BigInt(rows[0]?.xmax ?? 0) }
  }
}

/** When all transactions before `xmax` have ended, no row up to `number` can come any more. */
interface Checkpoint {
  number: number
  xmax: bigint
}

interface Look {
  /** The lowest number of a row that was there, also of one that another process holds. */
  first: number
  hasTaken: boolean
  /** Milliseconds that the statements took that looked for rows. */
  tookMs: number
}

/** Rows to lock and take, in SQL: `$1` is the number after which they begin, `$2` how many. */
export const lockRows = ({ table, column, condition }: CountedRows, columns: string): string =>
  `SELECT ${columns} FROM ${table} WHERE ${condition} AND ${column} > $1
   ORDER BY ${column} LIMIT $2 FOR UPDATE SKIP LOCKED`
