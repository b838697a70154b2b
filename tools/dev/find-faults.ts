import { runBundled } from '../build/run-bundled.ts'
import { ExpectedFault } from '../servers/expected-fault.ts'
import { findStrayLines, type Environment } from './env-file.ts'
import { findLauncherFaults, readSettings, type Fault } from './settings.ts'

const derivedKeys = ['APP_URL', 'DATABASE_URL', 'REDIS_URL', 'SMTP_URL']

/** Throws one message with every fault of every owner's keys. */
export async function refuseFaultyEnvironment(environment: Environment) {
  const own = [...findStrayLines().map(toFault), ...findLauncherFaults(environment)]
  const theirs = await faultsOfProcesses(environment)
  const isOnce = ({ key }: Fault) => !own.some((fault) => fault.key === key)
  const faults = [
    ...own,
    ...theirs.filter((fault) => isOnce(fault) && !isDerived(environment, fault)),
  ]
  if (faults.length === 0) return
  const lines = faults.map(({ key, problem, example }) => `  ${key} ${problem} (e.g. ${example})`)
  throw new ExpectedFault(`The configuration (.env) cannot be used:\n${lines.join('\n')}`, 78)
}

const toFault = (line: number): Fault => ({
  key: `line ${line}`,
  problem: 'is no KEY=value and no # comment',
  example: 'LOG_LEVEL=info',
})

/** An address that the launcher makes of a port is as faulty as the port, and told with it. */
function isDerived(environment: Environment, { key }: Fault) {
  return derivedKeys.includes(key) && environment[key] === undefined
}

async function faultsOfProcesses(environment: Environment) {
  const { shared } = readSettings(environment)
  const { code, stdout, stderr } = await runBundled('tools/dev/check-config.ts', [], shared, {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (code !== 0) throw new Error(`The configuration could not be checked:\n${stderr}`)
  return JSON.parse(stdout) as Fault[]
}
