import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import type { SchemaFilter } from '@prisma/schema-engine-wasm'
import { createEngineAdapter } from './engine-adapter.ts'
import { loadEngine } from './load-engine.ts'
import type { SchemaFile } from './migration-files.ts'

/** The part of Prisma's schema engine that is used here. */
export interface SchemaEngine {
  /** The SQL that leads from the database as it is to the schema; null when they agree. */
  diff(schema: readonly SchemaFile[]): Promise<string | null>
}

const filters: SchemaFilter = { externalTables: [], externalEnums: [] }

// The engine wants to know the provider, and takes it from a schema.
const noModels: readonly SchemaFile[] = [
  { path: 'schema.prisma', content: 'datasource db {\n  provider = "postgresql"\n}\n' },
]

/**
 * Runs `work` with Prisma's own schema engine, compiled to WebAssembly, over the `pg` driver. No
 * binary is downloaded.
 */
export async function withSchemaEngine<Result>(
  databaseUrl: string,
  work: (engine: SchemaEngine) => Promise<Result>,
): Promise<Result> {
  const adapter = await createEngineAdapter(databaseUrl)
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
    return await work({ diff })
  } finally {
    engine.free()
    await adapter.dispose()
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
