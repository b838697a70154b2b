import { withConnection } from './connection.ts'
import { writeSafely } from './safe-form.ts'

const adminUrl = process.env['DATABASE_URL'] ?? ''
const written = (script: string) =>
  writeSafely(script).map(({ suffix, script }) => [
    suffix,
    script
      .replace(/^--.*\n\n?/gm, '')
      .trim()
      .replaceAll(/;\s*/g, ';'),
  ])

describe('the safe form of a script', () => {
  it.each([
    ['nothing to change', 'ALTER TABLE "a" ADD COLUMN "x" INTEGER;'],
    ['new tables', 'CREATE TABLE "a" ("x" INT);CREATE INDEX "i" ON "a"("x");'],
    [
      'a new table with a constraint',
      'CREATE TABLE "a" ("x" INT);ALTER TABLE "a" ADD CONSTRAINT "f" FOREIGN KEY ("x") REFERENCES "b"("y");',
    ],
    [
      'a unique index that a foreign key needs at once',
      'CREATE UNIQUE INDEX "i" ON "b"("y");CREATE TABLE "a" ("x" INT);ALTER TABLE "a" ADD CONSTRAINT "f" FOREIGN KEY ("x") REFERENCES "b"("y");',
    ],
    ['what is safe already', 'ALTER TABLE "a" ADD CONSTRAINT "c" CHECK (x > 0) NOT VALID;'],
  ])('is the script itself where it has %s', (_what, script) => {
    expect(writeSafely(script)).toEqual([{ suffix: '', script, notes: [] }])
  })

  it('is one migration where only an index changes, with an index at all times', () => {
    expect(written('DROP INDEX "old";CREATE UNIQUE INDEX "new" ON "a"("x");')).toEqual([
      [
        '',
        'CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "new" ON "a"("x");DROP INDEX CONCURRENTLY IF EXISTS "old";',
      ],
    ])
  })

  it('drops an index first that is built again under its name', () => {
    expect(written('DROP INDEX "i";CREATE INDEX "i" ON "a"("x");')).toEqual([
      [
        '',
        'DROP INDEX CONCURRENTLY IF EXISTS "i";CREATE INDEX CONCURRENTLY IF NOT EXISTS "i" ON "a"("x");',
      ],
    ])
  })

  it('has new values of an enum before all else, and indexes and checks behind it', () => {
    expect(
      written(
        `ALTER TYPE "k" ADD VALUE 'z'; CREATE INDEX "i" ON "a"("x");
         ALTER TABLE "a" ALTER COLUMN "k" SET DEFAULT 'z', ADD CONSTRAINT "c" CHECK (lower("x") IN ('a', 'b'));`,
      ),
    ).toEqual([
      ['_values', `ALTER TYPE "k" ADD VALUE 'z';`],
      [
        '',
        `ALTER TABLE "a" ALTER COLUMN "k" SET DEFAULT 'z',\nADD CONSTRAINT "c" CHECK (lower("x") IN ('a', 'b')) NOT VALID;`,
      ],
      ['_indexes', 'CREATE INDEX CONCURRENTLY IF NOT EXISTS "i" ON "a"("x");'],
      ['_validate', 'ALTER TABLE "a" VALIDATE CONSTRAINT "c";'],
    ])
  })

  it('makes a column required without reading the rows under its lock', async () => {
    const steps = writeSafely('ALTER TABLE "a b" ALTER COLUMN "c d" SET NOT NULL;')
    const notices: string[] = []
    await withConnection(adminUrl, async (client) => {
      await client.query('CREATE TEMP TABLE "a b" ("c d" int); INSERT INTO "a b" VALUES (1)')
      client.on('notice', ({ message }) => void notices.push(String(message)))
      await client.query('SET client_min_messages = debug1')
      for (const { script } of steps) await client.query(script)
      await expect(client.query('INSERT INTO "a b" VALUES (NULL)')).rejects.toThrow('not-null')
    })
    expect(notices).toContainEqual(
      expect.stringMatching(/existing constraints on column .* are sufficient to prove/),
    )
  })
})
