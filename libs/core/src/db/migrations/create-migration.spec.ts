import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { applyMigrations } from './apply-migrations.ts'
import { createMigration, type CreatedMigration } from './create-migration.ts'
import { createProject, type Project } from './migrations.fixture.ts'

const adminUrl = process.env['DATABASE_URL'] ?? ''
const projectPrismaDir = join(__dirname, '..', '..', '..', '..', '..', 'prisma')
const now = new Date('2026-05-06T07:08:09Z')
const author = 'model Author {\n  id Int @id\n  name String\n  @@map("author")\n}\n'
const book = 'model Book {\n  id Int @id\n  authorId Int @map("author_id")\n  @@map("book")\n}\n'

let project: Project

beforeEach(() => {
  project = createProject(adminUrl)
  project.writeSchema({ library: author, shop: book })
})

afterEach(() => project.remove())

describe('createMigration', () => {
  it('writes what leads to the schema; applied, nothing is left to do', async () => {
    const created = await createMigration({ ...project, name: 'First things', now })
    const path = 'prisma/migrations/20260506070809_first_things/migration.sql'
    expect(created).toEqual({ files: [{ path, notes: [], warnings: [] }] })
    expect(await applyMigrations(project)).toEqual(['20260506070809_first_things'])
    expect(await createMigration({ ...project, name: 'again' })).toBeNull()
    expect(await project.query('SELECT name FROM author')).toEqual([])
  })

  it('leaves alone what only SQL can say', async () => {
    await createMigration({ ...project, name: 'first', now })
    project.writeMigration(
      '20260506080000_by_hand',
      `ALTER TABLE book ADD FOREIGN KEY (author_id) REFERENCES author (id);
       ALTER TABLE book ADD CHECK (id > 0);
       CREATE UNIQUE INDEX author_name_key ON author (lower(name)) WHERE id > 0;
       ALTER TABLE author SET (autovacuum_vacuum_scale_factor = 0.01);`,
    )
    expect(await createMigration({ ...project, name: 'again' })).toBeNull()
  })

  it('warns of statements that lose values or cannot work on rows', async () => {
    await createMigration({ ...project, name: 'first', now })
    project.writeSchema({ library: author.replace('name String', 'title String @unique') })
    const created = await createMigration({ ...project, name: 'second', now })
    expect(warningsOf(created)).toEqual([
      'Drops the column name with its values. To rename it, write RENAME COLUMN.',
      'Fails on a table with rows: the new column title is required and has no default.',
      'Fails if rows repeat a value: author_title_key.',
    ])
    expect(pathsOf(created)).toEqual([
      'prisma/migrations/20260506070810_second/migration.sql',
      'prisma/migrations/20260506070811_second_indexes/migration.sql',
    ])
  })

  it('writes new values of an enum in a migration of their own where they are used', async () => {
    const withKind = (values: string, standard: string) =>
      `enum Kind {\n${values}\n}\n${author.replace('  name String', `  kind Kind @default(${standard})`)}`
    project.writeSchema({ library: withKind('  a\n', 'a') })
    await createMigration({ ...project, name: 'first', now })
    await applyMigrations(project)
    await project.query('INSERT INTO author (id) VALUES (1)')
    project.writeSchema({ library: withKind('  a\n  b\n  c\n', 'c') })
    const created = await createMigration({ ...project, name: 'second', now })
    expect(pathsOf(created)).toEqual([
      'prisma/migrations/20260506070810_second_values/migration.sql',
      'prisma/migrations/20260506070811_second/migration.sql',
    ])
    expect(await applyMigrations(project)).toHaveLength(2)
    await project.query('INSERT INTO author (id) VALUES (2)')
    expect(await project.query('SELECT kind FROM author ORDER BY id')).toEqual([
      { kind: 'a' },
      { kind: 'c' },
    ])
    expect(await createMigration({ ...project, name: 'again' })).toBeNull()
  })

  it('writes new values of an enum with the rest where they are not used', async () => {
    const kind = (values: string) => `enum Kind {\n${values}\n}\n${author}`
    project.writeSchema({ library: kind('  a\n').replace('name String', 'kind Kind') })
    await createMigration({ ...project, name: 'first', now })
    project.writeSchema({
      library: kind('  a\n  b\n').replace('name String', 'kind Kind\n  n Int'),
    })
    const created = await createMigration({ ...project, name: 'second', now })
    expect(created?.files).toHaveLength(1)
    expect(await applyMigrations(project)).toHaveLength(2)
  })

  it('writes what would hold up a live database in steps that do not', async () => {
    const shelf = 'model Shelf {\n  id Int @id\n  @@map("shelf")\n}\n'
    project.writeSchema({ shop: book.replace('authorId Int', 'authorId Int?'), library: shelf })
    await createMigration({ ...project, name: 'first', now })
    project.writeSchema({
      shop: book
        .replace(
          '  @@map',
          '  shelfId Int?\n  shelf Shelf? @relation(fields: [shelfId], references: [id])\n  @@index([authorId])\n  @@map',
        )
        .concat(shelf.replace('id Int @id', 'id Int @id\n  books Book[]')),
      library: author,
    })
    const created = await createMigration({ ...project, name: 'second', now })
    expect(created?.files.map(({ path, notes }) => [path.split('/')[2], notes])).toEqual([
      [
        '20260506070810_second',
        [
          'Requires author_id of new rows only at first, by the check book_author_id_is_set (NOT VALID).',
          'Adds the foreign key book_shelfId_fkey for new rows only at first (NOT VALID).',
        ],
      ],
      [
        '20260506070811_second_indexes',
        ['Builds the index book_author_id_idx while book is read and written (CONCURRENTLY).'],
      ],
      [
        '20260506070812_second_validate',
        [
          'Checks the rows of book for book_author_id_is_set while it is read and written.',
          'Checks the rows of book for book_shelfId_fkey while it is read and written.',
        ],
      ],
      [
        '20260506070813_second_not_null',
        ['Makes author_id required without reading the rows again, because the check proves it.'],
      ],
    ])
    expect(warningsOf(created)).toEqual([])
    expect(await applyMigrations(project)).toHaveLength(5)
    expect(await createMigration({ ...project, name: 'again' })).toBeNull()
    expect(
      await project.query(
        `SELECT convalidated FROM pg_constraint WHERE conrelid = 'book'::regclass AND contype IN ('c', 'f')`,
      ),
    ).toEqual([{ convalidated: true }])
  })

  it('names the place in a schema that cannot be used', async () => {
    project.writeSchema({ shop: 'model Book {\n  id Nonsense @id\n}\n' })
    await expect(createMigration({ ...project, name: 'first' })).rejects.toThrow(
      /prisma\/schema cannot be used:[\s\S]*Nonsense/,
    )
  })

  it('asks for a name', async () => {
    await expect(createMigration({ ...project, name: ' -- ' })).rejects.toThrow('needs a name')
  })

  it('removes its shadow database', async () => {
    await createMigration({ ...project, name: 'first' })
    expect(
      await project.query(
        `SELECT 1 FROM pg_database WHERE datname = current_database() || '_shadow'`,
      ),
    ).toEqual([])
  })
})

const pathsOf = (created: CreatedMigration | null) => created?.files.map(({ path }) => path)

const warningsOf = (created: CreatedMigration | null) =>
  created?.files.flatMap(({ warnings }) => warnings)

describe('the migrations of this project', () => {
  it('lead to its schema', async () => {
    const source = { databaseUrl: project.databaseUrl, prismaDir: projectPrismaDir }
    expect(await createMigration({ ...source, name: 'not to be written' })).toBeNull()
  })

  it('keep a lock file for the Prisma command line', () => {
    const lock = readFileSync(join(projectPrismaDir, 'migrations', 'migration_lock.toml'), 'utf8')
    expect(lock).toContain('provider = "postgresql"')
  })
})
