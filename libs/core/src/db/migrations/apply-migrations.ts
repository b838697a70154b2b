import type { Client } from 'pg'
import { ensureDatabase, withConnection } from './connection.ts'
import { explainFailure, logOf } from './explain-failure.ts'
import { createLockPatience, defaultLockLimits, type LockLimits } from './lock-patience.ts'
import { describeBlockage, withLockWatch, type Blockage } from './lock-watch.ts'
import { MigrationError } from './migration.errors.ts'
import { readMigrations, type MigrationFile } from './migration-files.ts'
import { readHistory, type MigrationHistory } from './migration-history.ts'
import { withMigrationLock, type LockOptions } from './migration-lock.ts'
import {
  ensureHistory,
  recordEnd,
  recordFailure,
  recordStart,
  releaseUnfinished,
} from './migration-record.ts'
import type { MigrationSource } from './migration-source.ts'
import { runScript, ScriptFailure } from './run-script.ts'

export interface ApplyOptions extends LockOptions {
  /** Called with a sentence while a migration waits for other sessions. */
  onNotice?: (text: string) => void
  /** How long a migration waits for locks; see {@link defaultLockLimits}. */
  lockLimits?: LockLimits
  /** Called when the database has migrations that are newer than all on disk: an older release, rolled back to. */
  onAhead?: (names: readonly string[]) => void
}

/**
 * Brings the database up to date and returns the names of what was applied. Creates the database if it is missing. Any number of
 * processes may call this at once: one works, the others wait for it. A failed or interrupted migration is tried again.
 * Throws {@link MigrationError}.
 *
 * @example
 * const applied = await applyMigrations({ databaseUrl, prismaDir: 'prisma' })
 */
export async function applyMigrations(
  source: MigrationSource,
  options: ApplyOptions = {},
): Promise<string[]> {
  const files = await readMigrations(source.prismaDir)
  await ensureDatabase(source.databaseUrl)
  const history = await withConnection(source.databaseUrl, (client) => readHistory(client, files))
  refuseDivergence(history)
  if (history.unknown.length > 0) options.onAhead?.(history.unknown)
  if (history.pending.length === 0) return []
  return withMigrationLock(source.databaseUrl, options, (client) =>
    applyPending(client, files, { ...options, databaseUrl: source.databaseUrl }),
  )
}

interface PendingOptions extends Pick<ApplyOptions, 'onNotice' | 'lockLimits'> {
  databaseUrl: string
}

/** The part of {@link applyMigrations} that needs the lock; `client` holds it. */
export async function applyPending(
  client: Client,
  files: readonly MigrationFile[],
  options: PendingOptions,
): Promise<string[]> {
  const history = await readHistory(client, files)
  refuseDivergence(history)
  if (history.pending.length === 0) return []
  await ensureHistory(client)
  await releaseUnfinished(client)
  const unfinished = new Set(history.unfinished.map(({ checksum }) => checksum))
  for (const file of files.filter(({ name }) => history.pending.includes(name)))
    await apply(client, file, { ...options, isRepeat: unfinished.has(file.checksum) })
  return history.pending
}

interface OneOptions extends PendingOptions {
  isRepeat: boolean
}

function apply(client: Client, file: MigrationFile, options: OneOptions): Promise<void> {
  const { databaseUrl, lockLimits = defaultLockLimits, isRepeat, onNotice } = options
  const notify = (text: string) => onNotice?.(`${file.name}: ${text}`)
  const watching = {
    databaseUrl,
    reportAfterMs: 2 * lockLimits.limitMs,
    onLongWait: (blockage: Blockage) => notify(`${describeBlockage(blockage)}.`),
  }
  return withLockWatch(client, watching, async (watch) => {
    const locks = createLockPatience({ client, watch, limits: lockLimits, onNotice: notify })
    await client.query(session(lockLimits))
    const id = await recordStart(client, file)
    try {
      const markDone = () => recordEnd(client, id)
      await runScript({ client, script: file.script, isRepeat, locks, markDone })
    } catch (error) {
      if (!(error instanceof ScriptFailure)) throw error
      // Without a connection there is nobody to tell; the record stays unfinished, and the next run
      // begins anew.
      await recordFailure(client, id, logOf(error)).catch(() => undefined)
      throw await explainFailure(client, file, error, locks)
    }
  })
}

/** Settings of the script before do not count. */
const session = ({ limitMs }: LockLimits) =>
  `RESET ROLE; RESET search_path; SET statement_timeout = 0; SET lock_timeout = ${limitMs}`

function refuseDivergence(history: MigrationHistory): void {
  const { edited, unknown } = history
  if (edited.length > 0)
    throw new MigrationError(
      `Edited after it was applied: ${edited.join(', ')}.\n` +
        `Put the file back as it was and write the change as a new migration. In development, npm run db:reset starts over.`,
    )
  if (isReplaced(history))
    throw new MigrationError(
      `None of the migrations of this database is in prisma/migrations: ${unknown.join(', ')}.\n` +
        'One new first migration has taken their place, or the database belongs to another project.\n' +
        'In development, npm run db:reset starts over. To keep the rows: docs/guides/change-a-live-database.md, at its end.',
    )
  if (unknown.length > 0 && !isAhead(history))
    throw new MigrationError(
      `Applied to the database, but not in prisma/migrations: ${unknown.join(', ')}.\n` +
        `The database is on another branch. Get the missing folders. In development, npm run db:reset starts over.`,
    )
}

/**
 * Nothing that the database has is on disk: the migrations were written anew, or are those of
 * something else.
 */
export const isReplaced = ({ applied, unknown }: MigrationHistory): boolean =>
  unknown.length > 0 && unknown.length === applied.length

/** A newer release only added migrations, which a rolled-back one can live with as long as they were made for both (expand, then contract). */
export function isAhead({ applied, pending, unknown }: MigrationHistory): boolean {
  const known = applied.filter((name) => !unknown.includes(name))
  return pending.length === 0 && unknown.every((name) => known.every((other) => other < name))
}
