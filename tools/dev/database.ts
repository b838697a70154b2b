import { runBundled } from '../build/run-bundled.ts'
import { ExpectedFault } from '../servers/expected-fault.ts'
import type { Settings } from './settings.ts'

/** Migrates and seeds; returns what the database command said. */
export async function prepareDatabase({ shared }: Settings, signal: AbortSignal) {
  const { code, stdout, stderr } = await runBundled('tools/db/main.ts', ['prepare'], shared, {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  })
  if (code !== 0)
    throw new ExpectedFault(`The database is not ready:\n${(stderr || stdout).trim()}`)
  return stdout.trim().split('\n').filter(Boolean)
}
