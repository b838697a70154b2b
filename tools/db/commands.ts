import type { Environment } from '@ashlar/core/config'
import {
  applyMigrations,
  createMigration,
  MigrationError,
  migrationStatus,
  pendingWarnings,
  resetDatabase,
} from '@ashlar/core/db/migrations'
import { confirm } from './confirm.ts'
import { readDatabaseConfig } from './database.config.ts'
import type { Project } from './project.ts'
import { describeStatus, isUpToDate } from './status.ts'

interface Invocation extends Project {
  args: string[]
  print: (line: string) => void
}

/** Each tells whether it found everything in order; a fault is thrown. */
type Command = (invocation: Invocation) => Promise<boolean>

export const commands = { migrate, status, seed, prepare, migration, reset } satisfies Record<
  string,
  Command
>

async function migrate({ environment, prismaDir, print }: Invocation): Promise<boolean> {
  const { databaseUrl } = readDatabaseConfig(environment)
  let ahead: readonly string[] = []
  const applied = await applyMigrations(
    { databaseUrl, prismaDir },
    { ...waiting(print), onAhead: (names) => (ahead = names) },
  )
  for (const name of applied) print(`Applied ${name}`)
  if (ahead.length > 0) print(`Nothing to apply: a newer release applied ${ahead.join(', ')}.`)
  else if (applied.length === 0) print('The database is up to date.')
  return true
}

async function status({ environment, prismaDir, print }: Invocation): Promise<boolean> {
  const { databaseUrl } = readDatabaseConfig(environment)
  const history = await migrationStatus({ databaseUrl, prismaDir })
  const warnings = await pendingWarnings(prismaDir, history.pending)
  for (const line of describeStatus(history, warnings)) print(line)
  return isUpToDate(history)
}

async function seed({ environment, prismaDir, print }: Invocation): Promise<boolean> {
  const { config, run } = await loadSeed(environment)
  const { databaseUrl } = readDatabaseConfig(environment)
  if (!isUpToDate(await migrationStatus({ databaseUrl, prismaDir })))
    throw new MigrationError('The database is not up to date. Run npm run db:migrate first.')
  for (const line of await run(config)) print(line)
  return true
}

/** A configuration with faults is told before anything changes. */
async function prepare(invocation: Invocation): Promise<boolean> {
  const { config, run } = await loadSeed(invocation.environment)
  await migrate(invocation)
  for (const line of await run(config)) invocation.print(line)
  return true
}

/** The seed needs the whole application; the other commands start faster without it. */
async function loadSeed(environment: Environment) {
  const { loadConfig } = await import('@ashlar/modules/config')
  // eslint-disable-next-line @nx/enforce-module-boundaries -- it stands beside the schema, in no workspace
  const { seed } = await import('../../prisma/seed.ts')
  return { config: loadConfig(environment, 'command'), run: seed }
}

async function migration({ environment, prismaDir, args, print }: Invocation): Promise<boolean> {
  const { databaseUrl } = readDatabaseConfig(environment)
  const created = await createMigration(
    { databaseUrl, prismaDir, name: args.join(' ') },
    waiting(print),
  )
  if (!created) {
    print('Nothing to do: the migrations already lead to prisma/schema.')
    return true
  }
  for (const { path, notes, warnings } of created.files) {
    print(`Wrote ${path}`)
    for (const note of notes) print(`  ${note}`)
    for (const warning of warnings) print(`  Mind: ${warning}`)
  }
  print('Read it, change it where you know better, then apply it: npm run db:migrate')
  return true
}

async function reset({ environment, prismaDir, args, print }: Invocation): Promise<boolean> {
  const { databaseUrl, appEnv } = readDatabaseConfig(environment)
  const { host, pathname } = new URL(databaseUrl)
  const question = `Drop everything in the database ${pathname.slice(1)} at ${host}?`
  if (appEnv !== 'production' && !args.includes('--yes') && !(await confirm(question)))
    throw new MigrationError('Nothing was changed. Add --yes to reset without being asked.')
  const applied = await resetDatabase({ databaseUrl, prismaDir, appEnv }, waiting(print))
  for (const name of applied) print(`Applied ${name}`)
  print('The database is empty and up to date. The first admin is made by: npm run db:seed')
  return true
}

const waiting = (print: (line: string) => void) => ({
  onWait: () => print('Another process migrates this database; waiting for it.'),
  onNotice: print,
})
