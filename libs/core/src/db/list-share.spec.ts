import { createTestCore, eventually, type TestCore } from '../../testing/index.ts'

let test: TestCore

beforeAll(async () => {
  test = await createTestCore({ environment: { DATABASE_POOL_SIZE: '4' } })
  for (const table of ['outbox_event', 'event_delivery']) await slowDown(table)
})
afterAll(() => test.stop())

/** Each statement on the table takes two seconds from now on. */
async function slowDown(table: string): Promise<void> {
  const { pool } = test.core.database
  await pool.query(`ALTER TABLE ${table} RENAME TO ${table}_rows`)
  await pool.query(`CREATE VIEW ${table} AS SELECT r.* FROM pg_sleep(2), ${table}_rows r`)
}

/** Pages of slow lists, each of another filter so that none is shared. */
function pileUp(pages: number, table: 'outbox_event' | 'event_delivery') {
  const { outboxEvent, eventDelivery } = test.core.database.client
  const paging = { perPage: 1, paging: { page: 1, total: true } }
  return Array.from({ length: pages }, (_, index) => {
    const id = `00000000-0000-7000-8000-${String(index).padStart(12, '0')}`
    return table === 'outbox_event'
      ? outboxEvent.findPage({ where: { id }, list: { orderBy: [{ id: 'asc' }], ...paging } })
      : eventDelivery.findPage({
          where: { eventId: id },
          list: { orderBy: [{ eventId: 'asc' }, { listenerId: 'asc' }], ...paging },
        })
  })
}

const connectionsThatSleep = async (): Promise<number> => {
  const { rows } = await test.core.database.pool.query<{ sleeping: number }>(
    `SELECT count(*)::int AS sleeping FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event = 'PgSleep'`,
  )
  return rows[0]?.sleeping ?? 0
}

/** Asks until the slow pages are settled, and returns how often an answer came. */
async function askMeanwhile(slow: Promise<unknown>, ask: () => Promise<unknown>): Promise<number> {
  let settled = false
  let answers = 0
  void slow.then(() => (settled = true))
  while (!settled) {
    await ask()
    answers += 1
  }
  return answers
}

describe('a slow list', () => {
  const list = { orderBy: [{ id: 'asc' }], perPage: 1, paging: { page: 1, total: true } }

  it('leaves connections to others, however many of its pages are read, and refuses those beyond', async () => {
    const slow = Promise.allSettled(pileUp(12, 'outbox_event'))
    await eventually(async () => (await connectionsThatSleep()) === 2)
    const answers = await askMeanwhile(slow, () =>
      test.core.database.client.user.findPage({ list }),
    )
    expect(answers).toBeGreaterThan(0)
    const reasons = (await slow).flatMap((page) =>
      page.status === 'rejected' ? [page.reason as unknown] : [],
    )
    expect(reasons.length).toBeGreaterThanOrEqual(10)
    for (const reason of reasons)
      expect(reason).toMatchObject({
        kind: 'unavailable',
        code: 'database.timeout',
        retryAfterSeconds: 1,
      })
  })

  it('leaves a connection to all that are no lists, also beside another slow list', async () => {
    const slow = Promise.allSettled([...pileUp(6, 'outbox_event'), ...pileUp(6, 'event_delivery')])
    await eventually(async () => (await connectionsThatSleep()) === 3)
    const { user } = test.core.database.client
    const answers = await askMeanwhile(slow, () => user.findFirst({ where: { id: 1 } }))
    expect(answers).toBeGreaterThan(0)
  })

  it('reads one page after the other once there is room', async () => {
    for (const page of [...pileUp(1, 'outbox_event'), ...pileUp(1, 'event_delivery')])
      expect(await page).toMatchObject({ data: [], pagination: { total: 0 } })
  })
})
