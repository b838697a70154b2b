import { parseArgs, type ParseArgsConfig } from 'node:util'
import { ConfigError } from '@ashlar/core/config'
import { AppError } from '@ashlar/core/errors'
import { asExpectedFault, ExpectedFault } from '../servers/expected-fault.ts'

export type Print = (line: string) => void

/** Does one command. False: it ran, and found something that is not in order. */
export type Command = (args: string[], print: Print) => Promise<boolean | void>

export interface CommandLine {
  usage: string
  commands: Record<string, Command>
}

const exitCodes = { fault: 1, usage: 2, config: 78 } as const

/** Runs the command that the arguments name, and leaves its exit code: 0, 1 for a fault, 2 for wrong usage, 78 for the configuration. */
export async function runCommandLine({ usage, commands }: CommandLine): Promise<void> {
  const [name = '--help', ...args] = process.argv.slice(2)
  if (['--help', '-h', 'help'].includes(name) || args.includes('--help'))
    return void process.stdout.write(usage)
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  try {
    if (!command) throw wrongUsage(`There is no command "${name}".\n\n${usage.trimEnd()}`)
    const inOrder = await command(args, (line) => void process.stdout.write(`${line}\n`))
    process.exitCode = inOrder === false ? exitCodes.fault : 0
  } catch (error) {
    const { message, exitCode } = explain(error)
    process.stderr.write(`${message}\n`)
    process.exitCode = exitCode
  }
}

/** What stands behind the name of a command; anything that is not declared is wrong usage. */
export function readArguments<Options extends NonNullable<ParseArgsConfig['options']>>(
  args: string[],
  options: Options,
) {
  try {
    return parseArgs({ args, options, allowPositionals: true })
  } catch (error) {
    throw wrongUsage(`${(error as Error).message}\nSee --help.`)
  }
}

export const wrongUsage = (message: string) => new ExpectedFault(message, exitCodes.usage)

/** What an operator can mend has a message for them; anything else is a defect and shows where it is. */
function explain(error: unknown): { message: string; exitCode: number } {
  if (error instanceof ConfigError)
    return {
      message: `The configuration cannot be used:\n${error.message.replace(/^/gm, '  ')}`,
      exitCode: exitCodes.config,
    }
  const expected = asExpectedFault(error)
  if (expected) return expected
  if (error instanceof AppError) return { message: error.message, exitCode: exitCodes.fault }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { message: text, exitCode: exitCodes.fault }
}
