import { eventually } from '../../../testing/eventually.ts'
import { applyMigrations } from './apply-migrations.ts'
import { withConnection } from './connection.ts'
import { createProject, type Project } from './migrations.fixture.ts'

const adminUrl = process.env['DATABASE_URL'] ?? ''
const first = '20260101000000_first'
const second = '20260102000000_second'
const holder = { application: 'a long report', table: 'a' }

let project: Project
let notices: string[]

beforeEach(async () => {
  notices = []
  project = createProject(adminUrl, {
    [first]: 'CREATE TABLE a (id int); CREATE TABLE b (id int);',
  })
  await applyMigrations(project)
})

afterEach(() => project.remove())

describe('a migration beside an open transaction', () => {
  it('tries again as a whole until the lock is free, and says who held it', async () => {
    project.writeMigration(second, 'INSERT INTO b VALUES (1); ALTER TABLE a ADD COLUMN text text;')
    const pid = await beside('SELECT FROM a', async (open) => {
      const migrating = applyMigrations(project, {
        onNotice: notice((text) => text.includes('Trying again') && notices.length === 2, open),
      })
      expect(await migrating).toEqual([second])
    })
    expect(notices[1]).toMatch(
      new RegExp(
        `^${second}: No lock: the table a is locked by pid ${pid} \\(application "${holder.application}", ` +
          `idle in transaction, transaction open for \\d+ s\\)\\. Trying again in [\\d.]+ s\\.$`,
      ),
    )
    expect(await project.query('SELECT id FROM b')).toEqual([{ id: 1 }])
  })

  it('gives up after a time, leaves nothing half done, and names what to do', async () => {
    project.writeMigration(second, 'INSERT INTO b VALUES (1);\nALTER TABLE a ADD COLUMN text text;')
    await beside('SELECT FROM a', async (open) => {
      const lockLimits = { limitMs: 1_000, patienceMs: 4_000 }
      const failure = applyMigrations(project, { lockLimits })
      await expect(failure).rejects.toThrow(
        /Line 2: ALTER TABLE[\s\S]*Nothing of it was applied\.\nTried \d times?; at last the table a is locked by pid \d+ \(application "a long report"/,
      )
      await expect(failure).rejects.toThrow(
        `Wait for its end, or end it: SELECT pg_terminate_backend(${open.pid});\nThen run npm run db:migrate again.`,
      )
    })
    expect(await project.query('SELECT id FROM b')).toEqual([])
    expect(await applyMigrations(project)).toEqual([second])
  })

  it('lets requests through that wait behind it as long as they may wait for a lock', async () => {
    project.writeMigration(second, 'ALTER TABLE a ADD COLUMN text text;')
    await beside('SELECT FROM a', async (open) => {
      const migrating = applyMigrations(project)
      await untilWaiting('relation', '0 s')
      await project.query(`SET lock_timeout = '1400ms'; SELECT FROM a`)
      await open.end()
      expect(await migrating).toEqual([second])
    })
  })

  it('goes on from the statement that got no lock where the script is not one transaction', async () => {
    project.writeMigration(
      second,
      `VACUUM a; INSERT INTO b VALUES (1);
       BEGIN; INSERT INTO b VALUES (2); ALTER TABLE a ADD COLUMN text text; COMMIT;`,
    )
    await beside('SELECT FROM a', async (open) => {
      const onNotice = notice((text) => text.includes('Trying again'), open)
      expect(await applyMigrations(project, { onNotice })).toEqual([second])
    })
    expect(await project.query('SELECT id FROM b ORDER BY id')).toEqual([{ id: 1 }, { id: 2 }])
  })

  it('tries again after a deadlock', async () => {
    project.writeMigration(
      second,
      `ALTER TABLE a ADD COLUMN text text; SELECT pg_advisory_xact_lock(7);
       ALTER TABLE b ADD COLUMN text text;`,
    )
    await beside('SELECT pg_advisory_xact_lock(7)', async (gate) => {
      await withConnection(project.databaseUrl, async (reader) => {
        await reader.query('BEGIN; LOCK TABLE b')
        const lockLimits = { limitMs: 60_000, patienceMs: 60_000 }
        const onNotice = notice(() => false)
        const migrating = applyMigrations(project, { lockLimits, onNotice })
        await untilWaiting('advisory', '0 s')
        const reading = reader.query('SELECT FROM a').then(() => reader.query('ROLLBACK'))
        // Past the reader's own look for a deadlock: that of the migration finds it.
        await untilWaiting('relation', '1.2 s')
        await gate.end()
        expect(await migrating).toEqual([second])
        await reading
      })
    })
    expect(notices.at(-1)).toContain('Trying again')
  })

  it.each([
    'CREATE INDEX CONCURRENTLY a_id_idx ON a (id);',
    'DROP INDEX CONCURRENTLY old_idx;',
    'REINDEX TABLE CONCURRENTLY a;',
  ])('waits for its end without a limit: %s', async (script) => {
    await project.query('CREATE INDEX old_idx ON a (id)')
    project.writeMigration(second, script)
    await beside('INSERT INTO a VALUES (1)', async (open) => {
      const lockLimits = { limitMs: 500, patienceMs: 1 }
      // The first report comes after twice the limit.
      const onNotice = notice((text) => text.includes('waits for the end of pid'), open)
      expect(await applyMigrations(project, { lockLimits, onNotice })).toEqual([second])
    })
    expect(notices).toHaveLength(1)
    expect(await project.query('SELECT FROM pg_index WHERE NOT indisvalid')).toEqual([])
  })

  it('waits for its end while two others wait for their turn', async () => {
    project.writeMigration(second, 'CREATE INDEX CONCURRENTLY a_id_idx ON a (id);')
    await beside('INSERT INTO a VALUES (1)', async (open) => {
      const lockLimits = { limitMs: 500, patienceMs: 1 }
      const onNotice = notice(() => true, open)
      const applied = [1, 2, 3].map(() => applyMigrations(project, { lockLimits, onNotice }))
      expect((await Promise.all(applied)).flat()).toEqual([second])
    })
  })
})

interface OpenTransaction {
  pid: number
  end(): Promise<unknown>
}

/** Runs `work` beside a transaction that has begun with `sql`, and returns its session. */
function beside(sql: string, work: (open: OpenTransaction) => Promise<void>): Promise<number> {
  return withConnection(project.databaseUrl, async (client) => {
    await client.query(`SET application_name = '${holder.application}'; BEGIN; ${sql}`)
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    const { pid } = rows[0]!
    await work({ pid, end: () => client.query('COMMIT') })
    return pid
  })
}

/** Collects the notices, and ends the transaction at the one that is waited for. */
function notice(isTime: (text: string) => boolean, open?: Pick<OpenTransaction, 'end'>) {
  return (text: string) => {
    notices.push(text)
    if (isTime(text)) void open?.end()
  }
}

async function untilWaiting(locktype: string, time: string): Promise<void> {
  const waiting = `SELECT FROM pg_locks WHERE NOT granted AND locktype = '${locktype}'
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND waitstart < clock_timestamp() - interval '${time}'`
  await eventually(async () => (await project.query(waiting)).length > 0)
}
