// The limit of an event's way: a relay of 500 with plain SQL and `addBulk`, and a BullMQ worker that does nothing. No subscriptions, inbox,
// validation or logs. Prints one line of JSON, as events.ts does.
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { Client, Pool } from 'pg'

const name = 'limit.events'
const batch = 500
const backlog = Number(process.argv[2] ?? 10_000)
const singles = Number(process.argv[3] ?? 1_000)
const databaseUrl = process.env['DATABASE_URL'] ?? ''
const pool = new Pool({ connectionString: databaseUrl, max: 10 })
const connection = new Redis(process.env['REDIS_URL'] ?? '', { maxRetriesPerRequest: null })
const queue = new Queue<{ step: number }>(name, { connection })
const arrivals = new Map<number, number>()

await pool.query(
  'CREATE TABLE limit_event (id uuid PRIMARY KEY, step int NOT NULL, published_at timestamptz)',
)
await pool.query('CREATE INDEX ON limit_event (id) WHERE published_at IS NULL')
await pool.query(
  'INSERT INTO limit_event (id, step) SELECT gen_random_uuid(), n FROM generate_series(1, $1::int) n',
  [backlog],
)
const worker = new Worker<{ step: number }>(name, count, { connection, concurrency: 50 })
const startedAt = performance.now()
while ((await relay()) > 0);
await arrived(backlog)
const workedOffPerSecond = Math.round(backlog / ((performance.now() - startedAt) / 1_000))
const lagMs = await measureLag()
process.stdout.write(`${JSON.stringify({ backlog, singles, workedOffPerSecond, lagMs })}\n`)
await worker.close()
await queue.obliterate({ force: true })
await queue.close()
await pool.query('DROP TABLE limit_event')
await pool.end()
connection.disconnect()

function count({ data }: { data: { step: number } }): Promise<void> {
  arrivals.set(data.step, performance.now())
  return Promise.resolve()
}

async function relay(): Promise<number> {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    const { rows } = await client.query<{ id: string; step: number }>(
      'SELECT id, step FROM limit_event WHERE published_at IS NULL ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED',
      [batch],
    )
    const jobs = rows.map(({ id, step }) => ({
      name,
      data: { step },
      opts: { jobId: id, removeOnComplete: true },
    }))
    if (jobs.length > 0) await queue.addBulk(jobs)
    const ids = rows.map(({ id }) => id)
    await client.query('UPDATE limit_event SET published_at = now() WHERE id = ANY ($1)', [ids])
    await client.query('COMMIT')
    return rows.length
  } finally {
    client.release()
  }
}

async function measureLag(): Promise<{ p50: number; p99: number }> {
  arrivals.clear()
  const listener = new Client({ connectionString: databaseUrl })
  await listener.connect()
  let relaying = Promise.resolve(0)
  listener.on('notification', () => {
    relaying = relaying.then(relay)
  })
  await listener.query('LISTEN limit_event')
  const published: number[] = []
  for (let step = 0; step < singles; step++) {
    await sleep(10)
    await pool.query('INSERT INTO limit_event (id, step) VALUES ($1, $2)', [randomUUID(), step])
    published[step] = performance.now()
    await pool.query('NOTIFY limit_event')
  }
  await arrived(singles)
  await relaying
  await listener.end()
  const lags = published.map((at, step) => (arrivals.get(step) ?? 0) - at).sort((a, b) => a - b)
  const quantile = (share: number) => Number(lags[Math.floor(singles * share)]?.toFixed(1))
  return { p50: quantile(0.5), p99: quantile(0.99) }
}

async function arrived(wanted: number): Promise<void> {
  while (arrivals.size < wanted) await sleep(2)
}
