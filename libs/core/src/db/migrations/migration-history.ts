import type { Client } from 'pg'
import { refuseOtherSchema } from './connection.ts'
import { hasState, sqlState } from './migration.errors.ts'
import type { MigrationFile } from './migration-files.ts'
import { historyTable } from './migration-record.ts'

/** How the migrations on disk and those in the database compare. */
export interface MigrationHistory {
  applied: string[]
  /** On disk, not applied yet, in order. Includes failed ones. */
  pending: string[]
  /** Begun and not finished: the statement failed, or the process died. */
  unfinished: { name: string; checksum: string; log: string | null }[]
  /** Applied, and changed on disk since. */
  edited: string[]
  /** Applied, and not on disk. */
  unknown: string[]
}

interface Row {
  migration_name: string
  checksum: string
  finished: boolean
  logs: string | null
}

export async function readHistory(
  client: Client,
  files: readonly MigrationFile[],
): Promise<MigrationHistory> {
  await refuseOtherSchema(client)
  const rows = await readRows(client)
  const onDisk = new Map(files.map((file) => [file.name, file]))
  const finished = new Map(
    rows.filter((row) => row.finished).map((row) => [row.migration_name, row]),
  )
  return {
    applied: [...finished.keys()],
    pending: files.map((file) => file.name).filter((name) => !finished.has(name)),
    unfinished: rows
      .filter((row) => !row.finished)
      .map((row) => ({ name: row.migration_name, checksum: row.checksum, log: row.logs })),
    edited: files
      .filter(({ name, checksum }) => (finished.get(name)?.checksum ?? checksum) !== checksum)
      .map((file) => file.name),
    unknown: [...finished.keys()].filter((name) => !onDisk.has(name)),
  }
}

async function readRows(client: Client): Promise<Row[]> {
  try {
    const { rows } = await client.query<Row>(
      `SELECT migration_name, checksum, finished_at IS NOT NULL AS finished, logs
         FROM ${historyTable} WHERE rolled_back_at IS NULL ORDER BY started_at, migration_name`,
    )
    return rows
  } catch (error) {
    if (hasState(error, sqlState.undefinedTable)) return []
    throw error
  }
}
