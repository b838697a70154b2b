// npm run db:migrate | db:status | db:reset | db:seed | db:migration NAME. In an image: node tools/db/main.js migrate.
import { ConfigError } from '@ashlar/core/config'
import { DatabaseUnavailableError, MigrationError } from '@ashlar/core/db/migrations'
import { commands } from './commands.ts'
import { readProject } from './project.ts'

const usage = `Usage: db <command>

  migrate          apply what prisma/migrations has and the database has not
  status           compare the two, and say what the missing ones do to a live
                   database; exit code 1 when they differ
  seed             make the first admin, once
  prepare          migrate, then seed
  migration NAME   write a new migration from the changes in prisma/schema
  reset [--yes]    drop everything and migrate anew; not in production
`

// 69 and 78 are EX_UNAVAILABLE and EX_CONFIG of sysexits.h. The chart tries again after 69 alone.
const exitCodes = { fault: 1, usage: 2, unavailable: 69, config: 78 } as const

void main(process.argv.slice(2)).then((code) => (process.exitCode = code), fail)

async function main([name = '', ...args]: string[]): Promise<number> {
  if (name === '--help' || name === 'help') return say(usage, 0)
  const command = Object.hasOwn(commands, name)
    ? commands[name as keyof typeof commands]
    : undefined
  if (!command) return complain(usage, exitCodes.usage)
  const print = (line: string) => process.stdout.write(`${line}\n`)
  const done = await command({ ...readProject(), args, print })
  return done ? 0 : exitCodes.fault
}

function fail(error: unknown): void {
  if (error instanceof ConfigError)
    process.exitCode = complain(
      `The configuration cannot be used:\n${error.message.replace(/^/gm, '  ')}\n`,
      exitCodes.config,
    )
  else process.exitCode = complain(`${describe(error)}\n`, codeOf(error))
}

const codeOf = (error: unknown): number =>
  error instanceof DatabaseUnavailableError ? exitCodes.unavailable : exitCodes.fault

/** What an operator can mend has a message for them; anything else is a defect and shows where it is. */
function describe(error: unknown): string {
  if (error instanceof MigrationError) return error.message
  if (!(error instanceof Error)) return String(error)
  return 'code' in error ? error.message : (error.stack ?? error.message)
}

function say(text: string, code: number): number {
  process.stdout.write(text)
  return code
}

function complain(text: string, code: number): number {
  process.stderr.write(text)
  return code
}
