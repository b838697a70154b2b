import { ConfigError } from '../config/index.ts'
import type { Logger } from '../logging/index.ts'
import type { Lifecycle } from './lifecycle.ts'
import { ListenError } from './listen-fault.ts'

/** Exit code for a configuration that cannot be used (sysexits.h, EX_CONFIG). */
const configFault = 78

/**
 * Runs a process: builds it, starts it, and stops it on SIGTERM or SIGINT with exit code 0. A second signal ends it at once.
 * A failed build or start is told in one line (configuration: one line per fault) and ends with 78 for a configuration, otherwise 1.
 */
export async function runProcess(
  build: () => { lifecycle: Lifecycle; log: Logger },
): Promise<void> {
  let running: { lifecycle: Lifecycle; log: Logger } | undefined
  try {
    running = build()
    const { lifecycle, log } = running
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      process.on(signal, () => void shutDown(signal, lifecycle, log))
    process.on('unhandledRejection', (error) => void crash(error, lifecycle, log))
    process.on('uncaughtException', (error) => void crash(error, lifecycle, log))
    await lifecycle.start()
  } catch (error) {
    refuseToStart(error, running?.log)
  }
}

async function shutDown(signal: string, lifecycle: Lifecycle, log: Logger): Promise<void> {
  if (lifecycle.isStopping()) process.exit(1)
  log.info({ signal }, 'stopping')
  await lifecycle.stop()
  log.info('stopped')
  process.exit(0)
}

async function crash(error: unknown, lifecycle: Lifecycle, log: Logger): Promise<void> {
  log.fatal({ err: error }, 'crashed')
  await lifecycle.stop()
  process.exit(1)
}

function refuseToStart(error: unknown, log: Logger | undefined): never {
  if (error instanceof ConfigError) {
    process.stderr.write(
      `The configuration cannot be used:\n${error.message.replace(/^/gm, '  ')}\n`,
    )
    process.exit(configFault)
  }
  if (error instanceof ListenError) {
    process.stderr.write(`${error.message}\n`)
    process.exit(1)
  }
  if (log) log.fatal({ err: error }, 'failed to start')
  else process.stderr.write(`Failed to start: ${String(error)}\n`)
  process.exit(1)
}
