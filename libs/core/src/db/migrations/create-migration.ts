import type { Client } from 'pg'
import { applyPending } from './apply-migrations.ts'
import {
  databaseName,
  ensureDatabase,
  quoteName,
  withConnection,
  withDatabase,
} from './connection.ts'
import { dropForeignKeysBetweenOwners } from './foreign-keys.ts'
import { hasState, MigrationError, sqlState } from './migration.errors.ts'
import {
  readMigrations,
  readSchema,
  writeMigration,
  type MigrationFile,
  type SchemaFile,
} from './migration-files.ts'
import { withMigrationLock, type LockOptions } from './migration-lock.ts'
import { findWarnings } from './migration-warnings.ts'
import { separateNewEnumValues } from './new-enum-values.ts'
import type { MigrationSource } from './migration-source.ts'
import { withSchemaEngine } from './schema-engine.ts'

export interface CreatedMigration {
  /**
   * Paths of the SQL files, relative to the project: two where values of an enum are added and
   * used.
   */
  paths: string[]
  /** What the statements may destroy, or why they may fail on a table with rows. One sentence each. */
  warnings: string[]
}

/**
 * Writes the SQL that leads from the migrations so far to the schema, as a new migration, and
 * applies nothing. New values of an enum that it uses come in a migration of their own before it.
 * Returns null when there is nothing to do. Works in a shadow database, so the user needs the right
 * to create one. Throws {@link MigrationError}.
 */
export async function createMigration(
  source: MigrationSource & { name: string; now?: Date },
  options: LockOptions = {},
): Promise<CreatedMigration | null> {
  const suffix = toFolderName(source.name)
  const files = await readMigrations(source.prismaDir)
  const schema = await readSchema(source.prismaDir)
  await ensureDatabase(source.databaseUrl)
  return withMigrationLock(source.databaseUrl, options, async (client) => {
    const script = await withShadowDatabase(client, source.databaseUrl, (shadowUrl) =>
      diffAgainst(shadowUrl, files, schema),
    )
    if (script === null) return null
    return {
      paths: await writeScripts(source.prismaDir, namesOf(files, suffix, source.now), script),
      warnings: findWarnings(script),
    }
  })
}

async function writeScripts(
  prismaDir: string,
  [name, nextName]: readonly [string, string],
  script: string,
): Promise<string[]> {
  const [first, second] = separateNewEnumValues(script)
  if (second === undefined) return [await writeMigration(prismaDir, name, script)]
  return [
    await writeMigration(prismaDir, `${name}_values`, first!),
    await writeMigration(prismaDir, nextName, second),
  ]
}

function toFolderName(name: string): string {
  const folder = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
  if (folder === '' || folder.length > 100)
    throw new MigrationError(
      'A migration needs a name of letters and digits, for example: npm run db:migration add-projects',
    )
  return folder
}

/** The shadow's name is fixed and the lock is held, so a leftover of a killed process is found and removed. */
async function withShadowDatabase<Result>(
  client: Client,
  databaseUrl: string,
  work: (shadowUrl: string) => Promise<Result>,
): Promise<Result> {
  const shadow = `${databaseName(databaseUrl)}_shadow`
  const drop = `DROP DATABASE IF EXISTS ${quoteName(shadow)} WITH (FORCE)`
  try {
    await client.query(drop)
    await client.query(`CREATE DATABASE ${quoteName(shadow)} TEMPLATE template0`)
  } catch (error) {
    if (!hasState(error, sqlState.insufficientPrivilege)) throw error
    throw new MigrationError(
      'A new migration is found with the help of a second, empty database, and the user of DATABASE_URL may not create one.\n' +
        'Let an administrator run: ALTER ROLE … CREATEDB;',
      { cause: error },
    )
  }
  try {
    return await work(withDatabase(databaseUrl, shadow))
  } finally {
    await client.query(drop)
  }
}

function diffAgainst(
  shadowUrl: string,
  files: readonly MigrationFile[],
  schema: readonly SchemaFile[],
): Promise<string | null> {
  return withConnection(shadowUrl, (client) =>
    withSchemaEngine(shadowUrl, async (engine) => {
      await applyPending(client, files, { databaseUrl: shadowUrl })
      await dropForeignKeysBetweenOwners(client, schema)
      try {
        return await engine.diff(schema)
      } catch (error) {
        throw new MigrationError(describeSchemaFault(error), { cause: error })
      }
    }),
  )
}

function describeSchemaFault(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  // The engine appends its own stack: "   0: schema_engine_wasm::…".
  return `prisma/schema cannot be used:\n${text.replace(/\n\s*0: [\s\S]*$/, '')}`
}

/** Later than every migration so far, even if a clock was ahead when the last one was made. */
function namesOf(
  files: readonly MigrationFile[],
  suffix: string,
  now = new Date(),
): [string, string] {
  const own = now.toISOString().replace(/\D/g, '').slice(0, 14)
  const last = /^\d{14}/.exec(files.at(-1)?.name ?? '')?.[0] ?? ''
  const first = own > last ? own : String(BigInt(last) + 1n)
  return [`${first}_${suffix}`, `${BigInt(first) + 1n}_${suffix}`]
}
