import { applyMigrations } from './apply-migrations.ts'
import { migrationStatus } from './migration-status.ts'
import { createProject, type Project } from './migrations.fixture.ts'
import { resetDatabase } from './reset-database.ts'

const adminUrl = process.env['DATABASE_URL'] ?? ''
const first = '20260101000000_first'
const second = '20260102000000_second'

let project: Project

beforeEach(() => {
  project = createProject(adminUrl, { [first]: 'CREATE TABLE a (id int);' })
})

afterEach(() => project.remove())

describe('resetDatabase', () => {
  it('empties the database and migrates it anew, whatever state it is in', async () => {
    await applyMigrations(project)
    await project.query('INSERT INTO a VALUES (1); CREATE TABLE stray (id int)')
    project.writeMigration(first, 'CREATE TABLE a (id bigint);')
    expect(await resetDatabase({ ...project, appEnv: 'local' })).toEqual([first])
    expect(await project.query('SELECT * FROM a')).toEqual([])
    expect(await project.query(`SELECT to_regclass('stray') AS stray`)).toEqual([{ stray: null }])
  })

  it('is refused in production', async () => {
    await applyMigrations(project)
    await project.query('INSERT INTO a VALUES (1)')
    await expect(resetDatabase({ ...project, appEnv: 'production' })).rejects.toThrow(
      'APP_ENV is production',
    )
    expect(await project.query('SELECT * FROM a')).toEqual([{ id: 1 }])
  })
})

describe('migrationStatus', () => {
  it('tells applied, pending, failed, edited and unknown migrations apart and changes nothing', async () => {
    await expect(migrationStatus(project)).rejects.toThrow('does not exist')
    await applyMigrations(project)
    project.writeMigration(second, 'nonsense;')
    await applyMigrations(project).catch(() => undefined)
    expect(await migrationStatus(project)).toEqual({
      applied: [first],
      pending: [second],
      unfinished: [
        {
          name: second,
          checksum: expect.any(String) as string,
          log: expect.stringContaining('syntax error') as string,
        },
      ],
      edited: [],
      unknown: [],
    })
    project.writeMigration(second, '')
    project.writeMigration(first, 'edited')
    await expect(migrationStatus(project)).resolves.toMatchObject({ edited: [first] })
    project.removeMigration(first)
    await expect(migrationStatus(project)).resolves.toMatchObject({ unknown: [first] })
  })
})
