// Measures what growth costs, on the servers at DATABASE_URL (a test database) and REDIS_URL: a
// page of each order of a list with 10,000 and with a million rows, the rate at which backlogs of a
// thousand and of a hundred thousand events are worked off, and at which old events are deleted,
// and the lag beside a million published events that are kept. Prints one line of JSON. To be
// bundled.
import { createUser, signIn, startAuth, type TestAuth } from '@ashlar/auth/testing'
import { createEventBench } from './event-bench.ts'
import { median, type Growth } from './report.ts'
import { writeRows } from './write-rows.ts'

const few = 10_000
const many = 1_000_000
/** Pages of one walk, and walks of each; the first one warms up. */
const steps = 50
const turns = 7
const sorts = ['id', 'username', 'status', 'createdAt'].flatMap((field) => [
  `${field}:asc`,
  `${field}:desc`,
])

void main()

async function main(): Promise<void> {
  const [small, large] = [
    await startAuth({ LOG_LEVEL: 'error' }),
    await startAuth({ LOG_LEVEL: 'error' }),
  ]
  const pages = await measurePages(small, large)
  const bench = createEventBench(small.core)
  await bench.workOff(1_000)
  const drain = { few: await bench.workOff(1_000), many: await bench.workOff(100_000) }
  const prune = { few: await bench.prune(20_000), many: await bench.prune(400_000) }
  const lagOfFew = await bench.measureLag(500)
  await bench.keepPublished(many)
  const growth: Growth = {
    pages,
    drain,
    prune,
    lag: { few: lagOfFew, many: await bench.measureLag(500) },
  }
  process.stdout.write(`${JSON.stringify(growth)}\n`)
  await small.stop()
  await large.stop()
}

/** Milliseconds for a page of each order, in turns: medians of walks by cursor that begin at the first page. */
async function measurePages(small: TestAuth, large: TestAuth): Promise<Growth['pages']> {
  const walks = [await prepareWalk(small, few), await prepareWalk(large, many)]
  const measured: Growth['pages'] = []
  for (const sort of sorts) {
    const times = walks.map((): number[] => [])
    for (let turn = 0; turn < turns; turn++)
      for (const [index, walk] of walks.entries()) {
        const begun = performance.now()
        await walk(steps, sort)
        if (turn > 0) times[index]?.push((performance.now() - begun) / steps)
      }
    const [fewMs, manyMs] = times.map(median) as [number, number]
    measured.push({ sort, fewMs, manyMs })
  }
  return measured
}

async function prepareWalk(auth: TestAuth, rows: number) {
  await fill(auth, rows)
  const { user, password } = await createUser(auth.store)
  const headers = await signIn(auth.url, { email: user.email, password })
  return walk

  async function walk(steps: number, sort: string): Promise<void> {
    let cursor = ''
    for (let step = 0; step < steps; step++) {
      const query = new URLSearchParams({ sort, cursor, per_page: '20' })
      const answer = await fetch(`${auth.url}/api/v1/users?${query.toString()}`, { headers })
      const { meta } = (await answer.json()) as Answer
      cursor = meta.pagination.next_cursor ?? ''
    }
  }
}

interface Answer {
  meta: { pagination: { next_cursor: string | null } }
}

function fill({ core }: TestAuth, rows: number): Promise<void> {
  return writeRows(core.config.databaseUrl, {
    insert: `INSERT INTO "user" (username, email, status, created_at)
      SELECT 'user' || n, 'user' || n || '@example.com',
             (CASE WHEN n % 5 = 0 THEN 'inactive' ELSE 'active' END)::"UserStatus", now() - n * interval '1 second'
      FROM generate_series(1, $1::int) n`,
    values: [rows],
    table: '"user"',
  })
}
