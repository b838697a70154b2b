import { prepare } from '../build/prepare.ts'
import { runBundled } from '../build/run-bundled.ts'
import { runMain } from '../servers/expected-fault.ts'
import { ensureEnvFile, readEnvironment } from './env-file.ts'
import { leave } from './leave.ts'
import { readSettings } from './settings.ts'

/** Runs a command of operators on the servers of a running `npm run dev`, or on those that the environment names. */
export async function runOperatorCommand(entry: string): Promise<never> {
  await runMain(async () => {
    ensureEnvFile()
    await prepare()
    const { shared } = readSettings(readEnvironment(), [])
    const { code } = await runBundled(entry, process.argv.slice(2), shared)
    process.exitCode = code
  })
  return leave()
}
