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
import type { MigrationSource } from './migration-source.ts'
import { writeSafely, type Step } from './safe-form.ts'
import { withSchemaEngine } from './schema-engine.ts'

export interface CreatedMigration {
  /** In the order in which they are applied. */
  files: CreatedFile[]
}

export interface CreatedFile {
  /** The SQL file's, relative to the project. */
  path: string
  /** How a live database goes on meanwhile, one sentence each. */
  notes: string[]
  /**
   * Rows the statements may destroy, why they may fail on a table with rows, and whom they keep
   * waiting. One sentence each.
   */
  warnings: string[]
}

/**
 * Writes the SQL that leads from the migrations so far to the schema, as a new migration, and
 * applies nothing. It comes in several where a live database would be held up otherwise, or where
 * new values of an enum are used.
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
    return { files: await writeSteps(source, files, writeSafely(script)) }
  })

  async function writeSteps(
    { prismaDir, now }: { prismaDir: string; now?: Date },
    known: readonly MigrationFile[],
    steps: readonly Step[],
  ): Promise<CreatedFile[]> {
    const warnings = findWarnings(steps.map((step) => step.script))
    const created: CreatedFile[] = []
    for (const [index, step] of steps.entries()) {
      const name = `${timestampOf(known, now) + BigInt(index)}_${suffix}${step.suffix}`
      const path = await writeMigration(prismaDir, name, step.script)
      created.push({ path, notes: step.notes, warnings: warnings[index]! })
    }
    return created
  }
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
function timestampOf(files: readonly MigrationFile[], now = new Date()): bigint {
  const own = BigInt(now.toISOString().replace(/\D/g, '').slice(0, 14))
  const last = BigInt(/^\d{14}/.exec(files.at(-1)?.name ?? '')?.[0] ?? 0)
  return own > last ? own : last + 1n
}
