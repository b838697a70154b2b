import type { Client } from 'pg'
import { MigrationError, sqlState, type PostgresError } from './migration.errors.ts'
import type { MigrationFile } from './migration-files.ts'
import { readHistory } from './migration-history.ts'
import { isAtomic, lineAt } from './migration-script.ts'

/** Says which file failed, where and why, what is left of it, and how to go on. */
export async function explainFailure(
  client: Client,
  files: readonly MigrationFile[],
  cause: PostgresError | undefined,
  error: unknown,
): Promise<MigrationError> {
  const { unfinished } = await readHistory(client, files)
  const failed = files.find((file) => file.name === unfinished.at(-1)?.name)
  if (!cause || !failed)
    return new MigrationError(`The migrations failed: ${firstLine(error)}`, { cause: error })
  const lines = [
    `prisma/migrations/${failed.name}/migration.sql failed.`,
    `  ${cause.message} (SQLSTATE ${cause.code})`,
    ...place(failed.script, cause),
    ...(cause.detail ? [`  ${cause.detail}`] : []),
    ...(cause.hint ? [`  ${cause.hint}`] : []),
    isAtomic(failed.script)
      ? 'Nothing of it was applied.'
      : `It does not run in one transaction: what came before the failure is done.${await leftovers(client)}`,
    cause.code === sqlState.lockNotAvailable
      ? 'Another session kept the table busy for 10 s. Run npm run db:migrate again.'
      : 'Correct the file and run npm run db:migrate again.',
  ]
  return new MigrationError(lines.join('\n'), { cause })
}

function place(script: string, { position }: PostgresError): string[] {
  if (!position) return []
  const { number, text } = lineAt(script, Number(position))
  return [`  Line ${number}: ${text}`]
}

/** A `CREATE INDEX CONCURRENTLY` that fails leaves its index behind, and `IF NOT EXISTS` would take it for a good one. */
async function leftovers(client: Client): Promise<string> {
  const { rows } = await client.query<{ name: string }>(
    'SELECT indexrelid::regclass::text AS name FROM pg_index WHERE NOT indisvalid',
  )
  if (rows.length === 0) return ''
  return ` Drop the invalid index first: ${rows.map((row) => `DROP INDEX ${row.name};`).join(' ')}`
}

const firstLine = (error: unknown) =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0]
