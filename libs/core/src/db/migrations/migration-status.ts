import { withConnection } from './connection.ts'
import { readMigrations } from './migration-files.ts'
import { readHistory, type MigrationHistory } from './migration-history.ts'
import type { MigrationSource } from './migration-source.ts'

/** How the database and `prisma/migrations` compare. Changes nothing. Throws `MigrationError` without a connection. */
export async function migrationStatus(source: MigrationSource): Promise<MigrationHistory> {
  const files = await readMigrations(source.prismaDir)
  return withConnection(source.databaseUrl, (client) => readHistory(client, files))
}
