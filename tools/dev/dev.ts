// npm run dev: everything that the system needs, then the system itself, until Ctrl-C.
import { prepare } from '../build/prepare.ts'
import { ExpectedFault, runMain } from '../servers/expected-fault.ts'
import { localFolder, ensureFolder } from '../servers/project.ts'
import { recordChildrenIn } from '../servers/reaper.ts'
import { buildProcesses } from './build-processes.ts'
import { refuseFullDisk } from './disk-space.ts'
import { ensureEnvFile, readEnvironment } from './env-file.ts'
import { refuseFaultyEnvironment } from './find-faults.ts'
import { leave } from './leave.ts'
import { createPaint } from './log-lines.ts'
import { createLauncher } from './launcher.ts'
import { readOptions, usage } from './options.ts'
import { portsInUse, refuseTakenPorts } from './ports.ts'
import { resetData } from './reset.ts'
import { childrenFile, lockServers, stopLeftovers } from './run-lock.ts'
import { readSettings } from './settings.ts'

const startedAt = Date.now()

await runMain(async () => {
  const options = readOptions(process.argv.slice(2))
  if (options.help) return void process.stdout.write(usage)
  const print = (line: string) => process.stdout.write(`${line}\n`)
  const paint = createPaint(process.stdout.isTTY && !process.env.NO_COLOR)

  ensureFolder(`${localFolder}/run`)
  refuseFullDisk()
  const lock = lockServers('npm run dev')
  if ('heldBy' in lock)
    throw new ExpectedFault(
      `\`${lock.heldBy.note}\` already runs in this folder (pid ${lock.heldBy.pid}). Stop it first, or use what it started.`,
    )
  let bundling: ReturnType<typeof buildProcesses> | undefined
  try {
    const { created, added } = ensureEnvFile()
    if (created) print('Wrote .env with random secrets.')
    else if (added.length > 0) print(`Added to .env: ${added.join(', ')}.`)
    // Whatever is bundled may need it: the check of the configuration as well.
    await prepare(print)
    // Needs no port and no server, so it may go on while the configuration is looked at.
    bundling = buildProcesses(options.chosen)
    bundling.catch(() => {})
    const environment = readEnvironment()
    await refuseFaultyEnvironment(environment)
    await stopLeftovers()
    const settings = readSettings(environment, options.chosen)
    await refuseTakenPorts(portsInUse(settings))
    if (options.reset) await resetData(options.yes)
    recordChildrenIn(childrenFile)
    await createLauncher({ bundling, options, paint, print, settings, startedAt }).run()
  } finally {
    lock.release()
    await bundling?.then(
      ({ dispose }) => dispose(),
      () => undefined,
    )
  }
})
await leave()
