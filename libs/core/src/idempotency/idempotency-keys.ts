import { randomUUID } from 'node:crypto'
import type { Pool } from 'pg'
import { toDatabaseError } from '../db/index.ts'
import type { HeldKey, KeptAnswer } from './once.ts'

/** Request and requester, as digests only: a stolen table gives neither a key nor a body. */
export interface KeyedRequest {
  /** Of key, route and caller. */
  hash: Buffer
  /** Of what was asked. */
  fingerprint: Buffer
}

type Claim =
  /** Go ahead; `key` settles it. */
  | { state: 'free'; key: HeldKey }
  | { state: 'in flight' }
  | { state: 'other request' }
  | { state: 'answered'; answer: KeptAnswer }

export interface IdempotencyKeys {
  claim(request: KeyedRequest): Promise<Claim>
  /** Keeps the answer, if none was kept with what the request wrote. */
  keep(key: HeldKey, answer: KeptAnswer): Promise<void>
  /** Frees a key whose request failed, if no answer was kept: a commit whose connection broke may have happened. */
  release(key: HeldKey): Promise<void>
  /** Of keys whose time is over. Ends between two batches where `signal` is aborted. */
  deleteExpired(signal?: AbortSignal): Promise<number>
}

/** Few enough for one statement to be far from its time limit. */
const batchSize = 500
/**
 * Goes on where the last batch ended, along the index. The sub-query hides the time from the
 * planner: statistics from before a burst say that nearly nothing expired, and the plan for that
 * reads all expired keys with each batch.
 */
const deleteBatch = `
  WITH expired AS (
    SELECT hash, expires_at FROM idempotency_key
    WHERE expires_at >= $1 AND expires_at <= (SELECT now())
    ORDER BY expires_at LIMIT ${batchSize} FOR UPDATE SKIP LOCKED),
  gone AS (DELETE FROM idempotency_key k USING expired WHERE k.hash = expired.hash)
  SELECT count(*)::int AS deleted, max(expires_at) AS last FROM expired`

interface Batch {
  deleted: number
  /** The latest expiry among them. Null when there were none. */
  last: Date | null
}

interface KeyRow {
  fingerprint: Buffer
  status: number | null
  headers: Record<string, string>
  body: string | null
}

/**
 * Keys that were used, in PostgreSQL and by its clock, so that replicas agree. Who claims a key has it for a minute: a crash leaves it in
 * flight no longer.
 */
export function createIdempotencyKeys({ pool }: { pool: Pool }): IdempotencyKeys {
  return { claim, keep, release, deleteExpired }

  async function claim(request: KeyedRequest): Promise<Claim> {
    // The row may be deleted between the two statements; then the first is right the next time.
    for (let attempt = 1; attempt <= 3; attempt++) {
      const claim = (await take(request)) ?? (await read(request))
      if (claim) return claim
    }
    return { state: 'in flight' }
  }

  async function take({ hash, fingerprint }: KeyedRequest): Promise<Claim | undefined> {
    const lease = randomUUID()
    const { rowCount } = await query(
      `INSERT INTO idempotency_key AS held (hash, fingerprint, lease, leased_until, expires_at)
       VALUES ($1, $2, $3, now() + interval '60 seconds', now() + interval '24 hours')
       ON CONFLICT (hash) DO UPDATE
       SET fingerprint = excluded.fingerprint, lease = excluded.lease, leased_until = excluded.leased_until,
           expires_at = excluded.expires_at, status = NULL, headers = '{}', body = NULL
       WHERE held.expires_at <= now()
          OR (held.status IS NULL AND held.leased_until <= now() AND held.fingerprint = excluded.fingerprint)`,
      [hash, fingerprint, lease],
    )
    return rowCount === 1 ? { state: 'free', key: { hash, lease } } : undefined
  }

  async function read({ hash, fingerprint }: KeyedRequest): Promise<Claim | undefined> {
    const { rows } = await query<KeyRow>(
      'SELECT fingerprint, status, headers, body FROM idempotency_key WHERE hash = $1',
      [hash],
    )
    const [row] = rows
    if (!row) return undefined
    if (!row.fingerprint.equals(fingerprint)) return { state: 'other request' }
    if (row.status === null) return { state: 'in flight' }
    const { status, headers, body } = row
    return { state: 'answered', answer: { status, headers, body: body ?? undefined } }
  }

  async function keep({ hash, lease }: HeldKey, { status, headers, body }: KeptAnswer) {
    await query(
      `UPDATE idempotency_key SET status = $3, headers = $4, body = $5
       WHERE hash = $1 AND lease = $2 AND status IS NULL`,
      [hash, lease, status, JSON.stringify(headers), body ?? null],
    )
  }

  async function release({ hash, lease }: HeldKey) {
    await query('DELETE FROM idempotency_key WHERE hash = $1 AND lease = $2 AND status IS NULL', [
      hash,
      lease,
    ])
  }

  async function deleteExpired(signal?: AbortSignal): Promise<number> {
    let deleted = 0
    let from = new Date(0)
    while (!signal?.aborted) {
      const { rows } = await query<Batch>(deleteBatch, [from])
      const [batch] = rows
      deleted += batch?.deleted ?? 0
      if (!batch?.last || batch.deleted < batchSize) break
      from = batch.last
    }
    return deleted
  }

  function query<Row extends object>(text: string, values: unknown[]) {
    return pool.query<Row>(text, values).catch((error: unknown) => {
      throw toDatabaseError(error)
    })
  }
}
