import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { quoteName, withConnection, withDatabase } from './connection.ts'

/** A database that does not exist yet and a `prisma/` folder of its own, both gone after `remove`. */
export function createProject(adminUrl: string, migrations: Record<string, string> = {}) {
  const name = `ashlar_test_migrations_${randomBytes(4).toString('hex')}`
  const databaseUrl = withDatabase(adminUrl, name)
  const prismaDir = join(mkdtempSync(join(tmpdir(), 'ashlar-')), 'prisma')
  writeSchema({ main: 'datasource db {\n  provider = "postgresql"\n}\n' })
  mkdirSync(join(prismaDir, 'migrations'))
  for (const [folder, script] of Object.entries(migrations)) writeMigration(folder, script)
  return { databaseUrl, prismaDir, writeMigration, removeMigration, writeSchema, query, remove }

  function writeMigration(folder: string, script: string) {
    mkdirSync(join(prismaDir, 'migrations', folder), { recursive: true })
    writeFileSync(join(prismaDir, 'migrations', folder, 'migration.sql'), script)
  }

  function removeMigration(folder: string) {
    rmSync(join(prismaDir, 'migrations', folder), { recursive: true })
  }

  function writeSchema(files: Record<string, string>) {
    mkdirSync(join(prismaDir, 'schema'), { recursive: true })
    for (const [owner, content] of Object.entries(files))
      writeFileSync(join(prismaDir, 'schema', `${owner}.prisma`), content)
  }

  function query<Row extends object>(sql: string): Promise<Row[]> {
    return withConnection(databaseUrl, async (client) => (await client.query<Row>(sql)).rows)
  }

  async function remove() {
    rmSync(dirname(prismaDir), { recursive: true })
    await withConnection(adminUrl, (client) =>
      client.query(`DROP DATABASE IF EXISTS ${quoteName(name)} WITH (FORCE)`),
    )
  }
}

export type Project = ReturnType<typeof createProject>
