import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import type { MigrationList, SchemaFilter } from '@prisma/schema-engine-wasm'
import { createEngineAdapter } from './engine-adapter.ts'
import { loadEngine } from './load-engine.ts'
import type { PostgresError } from './migration.errors.ts'
import type { MigrationFile, SchemaFile } from './migration-files.ts'

/** What the engine is asked to do here, in the words of `prisma migrate`. */
export interface SchemaEngine {
  /** Runs the migrations that are not applied yet, in order, and returns their names. */
  apply(files: readonly MigrationFile[]): Promise<string[]>
  /** Frees a failed migration for another try. Its row stays as a record. */
  markRolledBack(name: string): Promise<void>
  /** The SQL that leads from the database as it is to the schema; null when they agree. */
  diff(schema: readonly SchemaFile[]): Promise<string | null>
  /** The driver's error behind the last failure of {@link SchemaEngine.apply}. */
  scriptError(): PostgresError | undefined
}

const filters: SchemaFilter = { externalTables: [], externalEnums: [] }

// The engine wants to know the provider, and takes it from a schema.
const noModels: readonly SchemaFile[] = [
  { path: 'schema.prisma', content: 'datasource db {\n  provider = "postgresql"\n}\n' },
]

/**
 * Runs `work` with Prisma's own schema engine, compiled to WebAssembly, over the `pg` driver. No binary is downloaded, and the
 * table, the checksums and the folder are those of `prisma migrate`.
 */
export async function withSchemaEngine<Result>(
  databaseUrl: string,
  work: (engine: SchemaEngine) => Promise<Result>,
): Promise<Result> {
  let scriptError: PostgresError | undefined
  const adapter = await createEngineAdapter({
    databaseUrl,
    onScriptError: (error) => (scriptError = error),
  })
  const { SchemaEngine: Engine } = await loadEngine()
  const engine = await Engine.new(
    { datamodels: noModels.map(({ path, content }) => [path, content]) },
    () => undefined,
    bindMigrationAwareSqlAdapterFactory({
      provider: 'postgres',
      adapterName: adapter.adapterName,
      connect: () => Promise.resolve(adapter),
      connectToShadowDb: () => Promise.reject(new Error('No command here needs a shadow database')),
    }),
  )
  try {
    return await work({ apply, markRolledBack, diff, scriptError: () => scriptError })
  } finally {
    engine.free()
    await adapter.dispose()
  }

  async function apply(files: readonly MigrationFile[]) {
    const output = await engine.applyMigrations({ migrationsList: toMigrationList(files), filters })
    return output.appliedMigrationNames
  }

  async function markRolledBack(name: string) {
    await engine.markMigrationRolledBack({ migrationName: name })
  }

  async function diff(schema: readonly SchemaFile[]) {
    const files = schema.map(({ path, content }) => ({ path, content }))
    const { exitCode, stdout } = await engine.diff({
      from: { tag: 'schemaDatasource', files, configDir: '.' },
      to: { tag: 'schemaDatamodel', files },
      script: true,
      exitCode: true,
      filters,
    })
    return exitCode === 0 ? null : stdout
  }
}

const toMigrationList = (files: readonly MigrationFile[]): MigrationList => ({
  baseDir: 'prisma/migrations',
  lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"\n' },
  shadowDbInitScript: '',
  migrationDirectories: files.map(({ name, script }) => ({
    path: name,
    migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: script } },
  })),
})
