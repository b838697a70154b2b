import { readEnvironment } from '@ashlar/core/config'
import { createLogger } from '@ashlar/core/logging'
import { createCore, type Core } from '@ashlar/core/module'
import { composeModules, type Modules } from '@ashlar/modules'
import { loadConfig } from '@ashlar/modules/config'
import { ExpectedFault } from '../servers/expected-fault.ts'

/** Gives `work` the platform and every module as a process has them, and closes all of it afterwards. */
export async function withCore<T>(
  name: string,
  work: (core: Core, modules: Modules['all']) => Promise<T>,
): Promise<T> {
  const config = loadConfig(readEnvironment(), 'command')
  // Standard output is for the answer, and what fails is thrown.
  const log = createLogger({ name, config: { logLevel: 'silent' } })
  const core = createCore({ process: name, config: config.core, log })
  const { all } = composeModules(core, config)
  try {
    await core.lifecycle.start()
    return await work(core, all)
  } finally {
    await core.lifecycle.stop()
  }
}

/** For a command that cannot do without Redis. */
export function requireRedis({ queues }: Pick<Core, 'queues'>): void {
  if (!queues.redis.isUp())
    throw new ExpectedFault(
      'Redis does not answer at REDIS_URL. In development, start it with: npm run dev',
    )
}
