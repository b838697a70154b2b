import { applyPending } from './apply-migrations.ts'
import { ensureDatabase, refuseOtherSchema } from './connection.ts'
import { hasState, MigrationError, sqlState } from './migration.errors.ts'
import { readMigrations } from './migration-files.ts'
import { withMigrationLock, type LockOptions } from './migration-lock.ts'
import type { MigrationSource } from './migration-source.ts'

/**
 * Drops every table of the schema `public` and applies all migrations anew. Everything in the database is lost, therefore refused
 * where `appEnv` is production. Throws {@link MigrationError}.
 */
export async function resetDatabase(
  source: MigrationSource & { appEnv: string },
  options: LockOptions = {},
): Promise<string[]> {
  if (source.appEnv === 'production')
    throw new MigrationError(
      'APP_ENV is production: a reset would drop every table, so it is refused.',
    )
  const files = await readMigrations(source.prismaDir)
  await ensureDatabase(source.databaseUrl)
  return withMigrationLock(source.databaseUrl, options, async (client) => {
    await refuseOtherSchema(client)
    await client.query(`SET lock_timeout = '10s'`)
    try {
      await client.query(
        'DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC',
      )
    } catch (error) {
      throw explain(error)
    }
    return applyPending(client, files, source)
  })
}

function explain(error: unknown): unknown {
  if (hasState(error, sqlState.lockNotAvailable))
    return new MigrationError(
      'Another session keeps a table busy. Stop the running processes and try again.',
      { cause: error },
    )
  if (hasState(error, sqlState.insufficientPrivilege))
    return new MigrationError('The user of DATABASE_URL does not own the schema "public".', {
      cause: error,
    })
  return error
}
