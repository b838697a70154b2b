import type { ChildProcess } from 'node:child_process'
import { ExpectedFault } from '../servers/expected-fault.ts'
import { send } from '../servers/processes.ts'
import { refuseNewChildren, watchedChildren } from '../servers/reaper.ts'
import { stages, stopChild } from '../servers/stopping.ts'
import { checkAdminLogin } from './admin-login.ts'
import { createAppProcess } from './app-process.ts'
import type { buildProcesses } from './build-processes.ts'
import { prepareDatabase } from './database.ts'
import { startEmbeddedServers } from './embedded-servers.ts'
import { readEnvironment } from './env-file.ts'
import { refuseFaultyEnvironment } from './find-faults.ts'
import { printLines, type Paint } from './log-lines.ts'
import type { Options } from './options.ts'
import { reloadOnChange } from './reloader.ts'
import { readSettings, type Settings } from './settings.ts'
import { onShutdown } from './shutdown.ts'
import { describeSystem } from './summary.ts'
import type { Workload } from './workloads.ts'

interface LauncherDeps {
  bundling: ReturnType<typeof buildProcesses>
  options: Options
  paint: Paint
  print: (line: string) => void
  settings: Settings
  startedAt: number
}

export function createLauncher({
  bundling,
  options,
  paint,
  print,
  settings: first,
  startedAt,
}: LauncherDeps) {
  let settings = first
  let announced = false
  let stopWatching = () => {}
  const stopping = new AbortController()
  const apps = options.chosen.map(createApp)
  return { run }

  /** Starts everything and stays until it is asked to stop; then, or after a fault, stops what was started. */
  async function run() {
    const asked = new Promise<void>((resolve) => onShutdown(resolve, force))
    try {
      await Promise.race([asked, start().then(() => asked)])
    } finally {
      await stop()
    }
  }

  async function start() {
    const servers = startEmbeddedServers(settings, note, stopping.signal)
    await Promise.all([bundling, servers.postgres, servers.redis])
    await migrate()
    for (const app of apps) app.start()
    if (options.reload) stopWatching = watch(await bundling)
    await servers.mail
    const ready = await announceWhenReady()
    if (stopping.signal.aborted) return
    if (!ready && !options.reload) throw new ExpectedFault('Not every process has come up.')
    if (!ready) print('Waiting for a change, to start again what has ended.')
  }

  async function migrate() {
    const lines = await prepareDatabase(settings, stopping.signal)
    for (const line of lines.filter((text) => !/up to date|there is or was one/.test(text)))
      note(line)
  }

  function createApp(workload: Workload, order: number) {
    return createAppProcess(workload, () => settings.environmentOf(workload), {
      output: ({ stdout, stderr }: ChildProcess) => {
        for (const stream of [stdout!, stderr!])
          printLines(stream, workload.name, order, paint, print)
      },
      crashed: (reason) => {
        if (stopping.signal.aborted) return
        const what = options.reload ? ' It is started again with the next change.' : ''
        print(paint('red', `${workload.name} ${reason}.${what}`))
      },
    })
  }

  /** False when a process ended instead. */
  async function announceWhenReady() {
    const hint = setTimeout(() => print('Some process is not ready yet.'), 15_000)
    const ready = await Promise.all(apps.map((app) => app.waitUntilReady()))
    clearTimeout(hint)
    if (!ready.every(Boolean)) return false
    if (!announced) await announce()
    return true
  }

  async function announce() {
    announced = true
    const hasApi = options.chosen.some(({ name }) => name === 'api')
    const adminLogin = hasApi ? await checkAdminLogin(settings) : 'unknown'
    print(describeSystem(settings, adminLogin, Date.now() - startedAt, paint))
  }

  function watch(bundler: Awaited<typeof bundling>) {
    const close = reloadOnChange({
      apps,
      bundler,
      print: (line) => stopping.signal.aborted || print(line),
      readSettingsAgain,
      restarted: () => announced || void announceWhenReady(),
    })
    return () => {
      close()
      void bundler.dispose()
    }
  }

  async function readSettingsAgain() {
    const environment = readEnvironment()
    await refuseFaultyEnvironment(environment)
    const next = readSettings(environment, options.chosen)
    if (
      JSON.stringify([next.ports, next.password]) !==
      JSON.stringify([settings.ports, settings.password])
    )
      throw new ExpectedFault(
        'Ports or the password of PostgreSQL changed: start npm run dev again.',
      )
    settings = next
  }

  async function stop() {
    if (stopping.signal.aborted) return
    stopping.abort()
    refuseNewChildren()
    stopWatching()
    for (const stage of stages) {
      const children = watchedChildren().filter((child) => child.stage === stage)
      await Promise.all(
        children.map(async (child) => {
          await stopChild(child)
          note(`${child.name} stopped`)
        }),
      )
    }
  }

  /** PostgreSQL and Redis are told to end at once, in their own way, so that no data is lost. */
  function force() {
    print('Stopping at once.')
    for (const { pid, stage } of watchedChildren())
      if (stage === 'postgres') send(pid, 'SIGQUIT')
      else if (stage === 'redis') send(pid, 'SIGTERM')
      else send(-pid, 'SIGKILL')
  }

  function note(line: string) {
    print(paint('dim', line))
  }
}
