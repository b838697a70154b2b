import { bundleIntoCache } from '../build/run-bundled.ts'
import { ExpectedFault } from '../servers/expected-fault.ts'
import { createBundler } from './bundler.ts'
import type { Workload } from './workloads.ts'

/** The first build of the processes and of the database command; later ones are kept warm by what it returns. */
export async function buildProcesses(chosen: Workload[]) {
  const [bundler] = await Promise.all([
    createBundler(chosen, process.stdout.isTTY),
    bundleIntoCache('tools/db/main.ts'),
  ])
  const faults = new Set((await bundler.buildAll()).flatMap(({ fault }) => fault ?? []))
  if (faults.size === 0) return bundler
  await bundler.dispose()
  throw new ExpectedFault([...faults].join('\n'))
}
