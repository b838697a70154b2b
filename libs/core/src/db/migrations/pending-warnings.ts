import { readMigrations } from './migration-files.ts'
import { findWarnings } from './migration-warnings.ts'

/**
 * Lists what the migrations that a database has not got yet do to its rows and users, by name, also
 * those that are written by hand. Reads only the files. `pending` comes from `migrationStatus`.
 */
export async function pendingWarnings(
  prismaDir: string,
  pending: readonly string[],
): Promise<Map<string, readonly string[]>> {
  const files = (await readMigrations(prismaDir)).filter(({ name }) => pending.includes(name))
  const warnings = findWarnings(files.map(({ script }) => script))
  return new Map(files.map(({ name }, index) => [name, warnings[index]!]))
}
