import type { ChildProcess } from 'node:child_process'
import { prepare } from '../build/prepare.ts'
import { ExpectedFault } from '../servers/expected-fault.ts'
import { send } from '../servers/processes.ts'
import { refuseNewChildren, watchedChildren } from '../servers/reaper.ts'
import { stages, stopChild } from '../servers/stopping.ts'
import { checkAdminLogin } from './admin-login.ts'
import { createAppProcess } from './app-process.ts'
import { createBundler } from './bundler.ts'
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
  options: Options
  paint: Paint
  print: (line: string) => void
  settings: Settings
  startedAt: number
}

export function createLauncher({
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
    const bundling = build()
    await Promise.all([bundling, servers.postgres, servers.redis])
    await migrate()
    for (const app of apps) app.start()
    const [ready] = await Promise.all([waitUntilAllReady(), servers.mail])
    if (ready) await announce()
    else if (!options.reload) throw new ExpectedFault('Not every process has come up.')
    else print('Waiting for a change, to start again what has ended.')
    if (options.reload) stopWatching = watch(await bundling)
  }

  async function build() {
    await prepare(note)
    const bundler = await createBundler(options.chosen, process.stdout.isTTY)
    const faults = new Set((await bundler.buildAll()).flatMap(({ fault }) => fault ?? []))
    if (faults.size > 0) throw new ExpectedFault([...faults].join('\n'))
    return bundler
  }

  async function migrate() {
    const lines = await prepareDatabase(settings, stopping.signal)
    for (const line of lines.filter((text) => !/up to date|already there/.test(text))) note(line)
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

  async function waitUntilAllReady() {
    const ready = await Promise.all(apps.map((app) => app.waitUntilReady()))
    return ready.every(Boolean)
  }

  async function announce() {
    announced = true
    const hasApi = options.chosen.some(({ name }) => name === 'api')
    const adminLogin = hasApi ? await checkAdminLogin(settings) : 'unknown'
    print(describeSystem(settings, adminLogin, Date.now() - startedAt, paint))
  }

  function watch(bundler: Awaited<ReturnType<typeof build>>) {
    const close = reloadOnChange({
      apps,
      bundler,
      migrate,
      print: (line) => stopping.signal.aborted || print(line),
      readSettingsAgain,
      settled: () => announced || void announce(),
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
