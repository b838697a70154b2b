import { createHash } from 'node:crypto'
import { applyMigrations } from './apply-migrations.ts'
import { ensureDatabase, withDatabase } from './connection.ts'
import { withMigrationLock } from './migration-lock.ts'
import { createProject, type Project } from './migrations.fixture.ts'

const adminUrl = process.env['DATABASE_URL'] ?? ''
const first = '20260101000000_first'
const second = '20260102000000_second'

let project: Project

beforeEach(() => {
  project = createProject(adminUrl, { [first]: 'CREATE TABLE a (id int);' })
})

afterEach(() => project.remove())

describe('applyMigrations', () => {
  it('creates the database and applies every migration once', async () => {
    expect(await applyMigrations(project)).toEqual([first])
    project.writeMigration(second, 'CREATE TABLE b (id int);')
    expect(await applyMigrations(project)).toEqual([second])
    expect(await applyMigrations(project)).toEqual([])
  })

  it('lets one of three processes work while the others wait', async () => {
    project.writeMigration(second, 'SELECT pg_sleep(0.3); CREATE TABLE b (id int);')
    const applied = await Promise.all([1, 2, 3].map(() => applyMigrations(project)))
    expect(applied.filter((names) => names.length > 0)).toEqual([[first, second]])
    const rows = await project.query('SELECT * FROM _prisma_migrations')
    expect(rows).toHaveLength(2)
  })

  it('says that it waits', async () => {
    await applyMigrations(project)
    project.writeMigration(second, 'CREATE TABLE b (id int);')
    const onWait = jest.fn()
    let release = () => {}
    const held = new Promise<void>((resolve) => (release = resolve))
    const holding = withMigrationLock(project.databaseUrl, {}, () => held)
    const waiting = applyMigrations(project, { onWait: () => (onWait(), release()) })
    expect(await waiting).toEqual([second])
    await holding
    expect(onWait).toHaveBeenCalledTimes(1)
  })

  it('runs a script as written: semicolons in strings and function bodies are no ends', async () => {
    project.writeMigration(
      second,
      `CREATE FUNCTION one() RETURNS int LANGUAGE plpgsql AS $$
       BEGIN PERFORM 1; RETURN 1; END; $$;
       CREATE TABLE b (text text DEFAULT 'a;b'); -- the end; really`,
    )
    await applyMigrations(project)
    await project.query('INSERT INTO b DEFAULT VALUES')
    expect(await project.query('SELECT text, one() FROM b')).toEqual([{ text: 'a;b', one: 1 }])
  })

  it('names file, line and reason of a failure and leaves nothing of it behind', async () => {
    project.writeMigration(second, 'CREATE TABLE b (id int);\nINSERT INTO nowhere VALUES (1);\n')
    await expect(applyMigrations(project)).rejects.toMatchObject({
      name: 'MigrationError',
      message: [
        `prisma/migrations/${second}/migration.sql failed.`,
        '  relation "nowhere" does not exist (SQLSTATE 42P01)',
        '  Line 2: INSERT INTO nowhere VALUES (1);',
        'Nothing of it was applied.',
        'Correct the file and run npm run db:migrate again.',
      ].join('\n'),
    })
    const [tables] = await project.query(`SELECT to_regclass('a') AS a, to_regclass('b') AS b`)
    expect(tables).toEqual({ a: 'a', b: null })
  })

  it('goes on when a failed migration was corrected', async () => {
    project.writeMigration(second, 'CREATE TABLE b (id nonsense);')
    await expect(applyMigrations(project)).rejects.toThrow('type "nonsense" does not exist')
    project.writeMigration(second, 'CREATE TABLE b (id int);')
    expect(await applyMigrations(project)).toEqual([second])
    expect(await applyMigrations(project)).toEqual([])
  })

  it('tries a migration again whose process died', async () => {
    await applyMigrations(project)
    project.writeMigration(second, 'CREATE TABLE b (id int);')
    await project.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ('x', 'x', '${second}')`,
    )
    expect(await applyMigrations(project)).toEqual([second])
  })

  it('builds an index concurrently in a file of its own', async () => {
    project.writeMigration(second, '-- alone\nCREATE INDEX CONCURRENTLY a_id_idx ON a (id);')
    expect(await applyMigrations(project)).toEqual([first, second])
  })

  it('builds several indexes concurrently, beside statements that could have a transaction', async () => {
    project.writeMigration(
      second,
      `CREATE INDEX CONCURRENTLY a_id_idx ON a (id);
       CREATE TABLE b (id int, text text DEFAULT ';');
       CREATE INDEX CONCURRENTLY b_id_idx ON b (id);
       VACUUM a;`,
    )
    expect(await applyMigrations(project)).toEqual([first, second])
    const indexes = await project.query(
      `SELECT indexrelid::regclass::text AS name FROM pg_index WHERE indisvalid AND indrelid IN ('a'::regclass, 'b'::regclass)`,
    )
    expect(indexes).toEqual([{ name: 'a_id_idx' }, { name: 'b_id_idx' }])
  })

  it('builds an index concurrently while other processes wait for their turn', async () => {
    await applyMigrations(project)
    project.writeMigration(second, 'CREATE INDEX CONCURRENTLY a_id_idx ON a (id);')
    const applied = await Promise.all([1, 2, 3].map(() => applyMigrations(project)))
    expect(applied.flat()).toEqual([second])
  })

  it.each([
    ['a procedure that commits', 'CALL commits(); CREATE TABLE b (id int);'],
    ['a statement of which no list tells', 'CREATE TABLE b (id int); DISCARD ALL;'],
  ])('runs outside of a transaction what PostgreSQL refuses inside: %s', async (_what, script) => {
    project.writeMigration(
      first,
      'CREATE PROCEDURE commits() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END; $$;',
    )
    project.writeMigration(second, script)
    expect(await applyMigrations(project)).toEqual([first, second])
    expect(await project.query('SELECT * FROM b')).toEqual([])
  })

  it('lists what is done, undone and not run of a script that is not one transaction', async () => {
    project.writeMigration(
      second,
      'VACUUM a;\nCREATE TABLE b (id int);\nBEGIN;\nCREATE TABLE c (id int);\nSELECT\n  1 / 0;\nCOMMIT;\nVACUUM a;\n',
    )
    await expect(applyMigrations(project)).rejects.toMatchObject({
      message: [
        `prisma/migrations/${second}/migration.sql failed.`,
        '  division by zero (SQLSTATE 22012)',
        '  Line 5: SELECT',
        'It does not run in one transaction, so a part of it stays:',
        '  Done: the 2 statements from line 1 to line 2.',
        '  Rolled back: the 2 statements from line 3 to line 4.',
        '  Not run: the 2 statements from line 7 to line 8.',
        'The next try runs all of it: let what is done bear that, or undo it.',
        'Correct the file and run npm run db:migrate again.',
      ].join('\n'),
    })
    const [tables] = await project.query(`SELECT to_regclass('b') AS b, to_regclass('c') AS c`)
    expect(tables).toEqual({ b: 'b', c: null })
    project.writeMigration(second, 'CREATE TABLE IF NOT EXISTS b (id int);\nVACUUM a;\n')
    expect(await applyMigrations(project)).toEqual([second])
  })

  it('names the invalid index that a failed concurrent build leaves, and drops it before the repeat', async () => {
    project.writeMigration(first, 'CREATE TABLE a (id int); INSERT INTO a VALUES (1), (1);')
    project.writeMigration(second, 'CREATE UNIQUE INDEX CONCURRENTLY a_id_key ON a (id);')
    await expect(applyMigrations(project)).rejects.toThrow(
      /Nothing of it was applied\.\nThe invalid index that it left is dropped by the next try: a_id_key\./,
    )
    await project.query('DELETE FROM a WHERE ctid = (SELECT min(ctid) FROM a)')
    expect(await applyMigrations(project)).toEqual([second])
    expect(await invalidIndexes()).toEqual([])
  })

  it.each([
    ['with IF NOT EXISTS', 'CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "A key" ON "a" (id);'],
    ['in a schema', 'CREATE UNIQUE INDEX CONCURRENTLY "A key" ON public.a (id);'],
    ['rebuilt', 'REINDEX INDEX CONCURRENTLY "A key";'],
    ['rebuilt with its table', 'REINDEX (VERBOSE, CONCURRENTLY) TABLE a;'],
    ['rebuilt with its schema', 'REINDEX SCHEMA CONCURRENTLY public;'],
    ['dropped', 'DROP INDEX CONCURRENTLY "A key";'],
  ])('drops its own invalid index before the repeat: one %s', async (what, script) => {
    project.writeMigration(first, 'CREATE TABLE a (id int); CREATE TABLE b (id int);')
    await applyMigrations(project)
    // A duplicate makes the build fail late, as PostgreSQL leaves it.
    await project.query('INSERT INTO a VALUES (1), (1); INSERT INTO b VALUES (1), (1)')
    await buildInvalid('"other" ON b (id)')
    await buildInvalid(`${what.startsWith('rebuilt') ? '"A key_ccnew"' : '"A key"'} ON a (id)`)
    await project.query('DELETE FROM a WHERE ctid = (SELECT min(ctid) FROM a)')
    if (what.startsWith('rebuilt')) await project.query('CREATE UNIQUE INDEX "A key" ON a (id)')
    if (what.includes('schema')) await project.query('DROP INDEX other')
    project.writeMigration(second, script)
    expect(await applyMigrations(project)).toEqual([second])
    const left = await project.query(`SELECT 1 FROM pg_class WHERE relname LIKE 'A key%'`)
    expect(left).toHaveLength(what === 'dropped' ? 0 : 1)
    expect(await invalidIndexes()).toEqual(what.includes('schema') ? [] : [{ name: 'other' }])
  })

  it('refuses a concurrent build without a name before anything is done', async () => {
    project.writeMigration(second, 'VACUUM a;\nCREATE INDEX CONCURRENTLY ON a (id);')
    await expect(applyMigrations(project)).rejects.toThrow(
      /needs a name[\s\S]*Line 2: [\s\S]*Nothing of it was applied\./,
    )
  })

  it('refuses a script that leaves its transaction open', async () => {
    project.writeMigration(second, 'BEGIN; CREATE TABLE b (id int);')
    await expect(applyMigrations(project)).rejects.toThrow('leaves its transaction open')
    expect(await project.query(`SELECT to_regclass('b') AS b`)).toEqual([{ b: null }])
  })

  it('names the end of the script where a deferred constraint fails', async () => {
    project.writeMigration(
      second,
      `ALTER TABLE a ADD UNIQUE (id) DEFERRABLE INITIALLY DEFERRED;
       INSERT INTO a VALUES (1), (1);`,
    )
    await expect(applyMigrations(project)).rejects.toThrow(
      /23505\)\n {2}At the end of the script[\s\S]*Nothing of it was applied\./,
    )
    expect(await project.query('SELECT * FROM a')).toEqual([])
  })

  it('names the way out where a new value of an enum is used at once', async () => {
    project.writeMigration(first, `CREATE TYPE kind AS ENUM ('x'); CREATE TABLE a (kind kind);`)
    project.writeMigration(
      second,
      `ALTER TYPE kind ADD VALUE 'y';\nALTER TABLE a ALTER kind SET DEFAULT 'y';`,
    )
    await expect(applyMigrations(project)).rejects.toThrow(
      /Line 2: ALTER TABLE[\s\S]*Move ALTER TYPE … ADD VALUE to a migration\nof its own/,
    )
  })

  it('does not mind what the script before has set, as those of pg_dump do', async () => {
    project.writeMigration(
      first,
      `SELECT set_config('search_path', '', false); SET lock_timeout = 1; SET ROLE pg_monitor; RESET ROLE;
       CREATE TABLE public.a (id int);`,
    )
    project.writeMigration(second, 'CREATE TABLE b (id int);')
    expect(await applyMigrations(project)).toEqual([first, second])
    expect(await project.query('SELECT * FROM public.b')).toEqual([])
  })

  it('refuses a database with tables of another origin, those of extensions aside', async () => {
    const { databaseUrl } = project
    await ensureDatabase(databaseUrl)
    await project.query('CREATE TABLE stray (id int)')
    await expect(applyMigrations(project)).rejects.toThrow(
      /has tables \(such as "stray"\), but no history of migrations/,
    )
  })

  it('writes the history that the engine of Prisma reads', async () => {
    await applyMigrations(project)
    project.writeMigration(second, 'nonsense;')
    await applyMigrations(project).catch(() => undefined)
    const rows = await project.query('SELECT * FROM _prisma_migrations ORDER BY started_at')
    expect(rows).toEqual([
      expect.objectContaining({
        migration_name: first,
        checksum: createHash('sha256').update('CREATE TABLE a (id int);').digest('hex'),
        finished_at: expect.any(Date) as Date,
        rolled_back_at: null,
        applied_steps_count: 1,
        logs: null,
      }),
      expect.objectContaining({ migration_name: second, finished_at: null, rolled_back_at: null }),
    ])
  })

  it('refuses a migration that was edited after it was applied', async () => {
    await applyMigrations(project)
    project.writeMigration(first, 'CREATE TABLE a (id bigint);')
    await expect(applyMigrations(project)).rejects.toThrow(`Edited after it was applied: ${first}.`)
  })

  it('lets a release that was rolled back to find its database ahead, and says so', async () => {
    project.writeMigration(second, 'CREATE TABLE b (id int);')
    await applyMigrations(project)
    project.removeMigration(second)
    const onAhead = jest.fn()
    expect(await applyMigrations(project, { onAhead })).toEqual([])
    expect(onAhead).toHaveBeenCalledWith([second])
  })

  it('refuses a database whose migrations were written anew, and says what to do', async () => {
    await applyMigrations(project)
    project.removeMigration(first)
    project.writeMigration(second, 'CREATE TABLE a (id int);')
    await expect(applyMigrations(project)).rejects.toThrow(
      /^None of the migrations of this database is in prisma\/migrations: 20260101000000_first\.\n[\s\S]*npm run db:reset starts over/,
    )
  })

  it('refuses a database with a migration of another branch', async () => {
    project.writeMigration('20260101000001_kept', 'CREATE TABLE c (id int);')
    await applyMigrations(project)
    project.removeMigration(first)
    project.writeMigration(second, 'CREATE TABLE b (id int);')
    await expect(applyMigrations(project)).rejects.toThrow(
      `Applied to the database, but not in prisma/migrations: ${first}.`,
    )
  })

  it('refuses a folder without migration.sql', async () => {
    project.writeMigration(`${second}/misplaced`, '')
    await expect(applyMigrations(project)).rejects.toThrow(
      `prisma/migrations/${second} has no readable migration.sql.`,
    )
  })

  it('tells a server that is down from a password that is wrong', async () => {
    const { prismaDir } = project
    const down = new URL(project.databaseUrl)
    down.port = '1'
    await expect(applyMigrations({ prismaDir, databaseUrl: down.href })).rejects.toThrow(
      /^PostgreSQL does not answer at \S+:1 \(.*ECONNREFUSED/,
    )
    const wrong = new URL(withDatabase(project.databaseUrl, 'postgres'))
    wrong.password = 'wrong'
    const refusal = applyMigrations({ prismaDir, databaseUrl: wrong.href })
    await expect(refusal).rejects.toThrow(/refuses the user "\w+": wrong name or password/)
    await expect(refusal).rejects.not.toThrow(/:wrong@/)
  })

  function invalidIndexes() {
    return project.query<{ name: string }>(
      `SELECT indexrelid::regclass::text AS name FROM pg_index WHERE NOT indisvalid`,
    )
  }

  async function buildInvalid(index: string) {
    const build = `CREATE UNIQUE INDEX CONCURRENTLY ${index}`
    await expect(project.query(build)).rejects.toThrow('could not create unique index')
  }
})
