import { createHash, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import {
  databaseName,
  quoteName,
  withConnection,
  withDatabase,
} from '../src/db/migrations/connection.ts'
import { applyMigrations, readMigrations } from '../src/db/migrations/index.ts'
import { withMigrationLock } from '../src/db/migrations/migration-lock.ts'

/** A migrated, empty database of its own for one Jest worker or one file. */
export interface TestDatabase {
  url: string
  drop(): Promise<void>
}

const projectPrismaDir = join(__dirname, '..', '..', '..', 'prisma')

/**
 * Migrates a database once for these migrations, to be copied from then on, and returns its name. May be called by any number of
 * processes at once. `adminUrl` is a database on the test server; one whose name does not say `test` is refused.
 */
export async function createTemplateDatabase(
  adminUrl: string,
  prismaDir = projectPrismaDir,
): Promise<string> {
  refuseOtherThanTest(databaseName(adminUrl))
  const template = `ashlar_test_template_${await hashMigrations(prismaDir)}`
  await withMigrationLock(adminUrl, {}, async (admin) => {
    // Closed to connections is the mark of a finished one; a copy needs a template without any.
    const { rows } = await admin.query(
      'SELECT 1 FROM pg_database WHERE datname = $1 AND NOT datallowconn',
      [template],
    )
    if (rows.length > 0) return
    await applyMigrations({ databaseUrl: withDatabase(adminUrl, template), prismaDir })
    await admin.query(`ALTER DATABASE ${quoteName(template)} WITH ALLOW_CONNECTIONS false`)
  })
  return template
}

/**
 * Copies the template, some 50 ms. Each call makes another database, also for the same worker.
 *
 * @example
 * const database = await cloneTestDatabase(databaseUrl, process.env['JEST_WORKER_ID'] ?? '1')
 * afterAll(() => database.drop())
 */
export async function cloneTestDatabase(adminUrl: string, workerId: string): Promise<TestDatabase> {
  const template = await createTemplateDatabase(adminUrl)
  const name = `ashlar_test_${workerId}_${randomBytes(4).toString('hex')}`
  await withConnection(adminUrl, (admin) =>
    admin.query(`CREATE DATABASE ${quoteName(name)} TEMPLATE ${quoteName(template)}`),
  )
  return { url: withDatabase(adminUrl, name), drop }

  async function drop() {
    await withConnection(adminUrl, (admin) =>
      admin.query(`DROP DATABASE IF EXISTS ${quoteName(name)} WITH (FORCE)`),
    )
  }
}

function refuseOtherThanTest(name: string): void {
  if (!name.includes('test'))
    throw new Error(`Tests use a database with "test" in its name, and "${name}" has none.`)
}

async function hashMigrations(prismaDir: string): Promise<string> {
  const files = await readMigrations(prismaDir)
  const all = files.map(({ name, checksum }) => `${name} ${checksum}`).join('\n')
  return createHash('sha256').update(all).digest('hex').slice(0, 12)
}
