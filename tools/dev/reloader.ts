import { setTimeout as sleep } from 'node:timers/promises'
import { prepare } from '../build/prepare.ts'
import { asExpectedFault } from '../servers/expected-fault.ts'
import type { AppProcess } from './app-process.ts'
import type { createBundler } from './bundler.ts'
import { watchSources } from './source-watcher.ts'

interface Reloading {
  apps: AppProcess[]
  bundler: Awaited<ReturnType<typeof createBundler>>
  print: (line: string) => void
  /** Reads `.env` again. Throws when it is faulty; the processes then go on with the old one. */
  readSettingsAgain: () => Promise<void>
  /** Called after a round in which processes were started again. */
  restarted: () => void
}

/** Watches the sources and restarts the processes whose code is another. Returns how to stop it. */
export function reloadOnChange(reloading: Reloading) {
  const { apps, bundler, print } = reloading
  let waiting: string[] = []
  let busy = false
  return watchSources({ folders: ['apps', 'libs', 'prisma'], files: ['.env'], changed, refused })

  function changed(paths: string[]) {
    waiting.push(...paths)
    if (!busy) void work()
  }

  function refused(error: unknown) {
    const fault = asExpectedFault(error)
    if (!fault) throw error
    print(`Not every change will be noticed. ${fault.message}`)
  }

  async function work() {
    busy = true
    while (waiting.length > 0) {
      const paths = waiting
      waiting = []
      try {
        await reload(paths)
      } catch (error) {
        if (!asExpectedFault(error)) throw error
        print((error as Error).message)
      }
    }
    busy = false
  }

  async function reload(paths: string[]) {
    const startedAt = Date.now()
    if (paths.some((path) => /\.(prisma|mjml)$/.test(path))) await prepare(print)
    const settingsChanged = paths.includes('.env')
    if (settingsChanged) await reloading.readSettingsAgain()
    // Not applied by itself: whoever wrote it may still be reading it.
    if (paths.some((path) => /migrations\/.*\.sql$/.test(path)))
      print('A migration is new or changed. Apply it with: npm run db:migrate')
    const results = await bundler.buildAll()
    const faults = new Set(results.flatMap(({ fault }) => fault ?? []))
    for (const fault of faults) print(fault)
    if (faults.size > 0) return print('Not restarted: the code above does not build.')
    const changed = results.filter(({ changed }) => changed).map(({ workload }) => workload.name)
    const stale = apps.filter(
      (app) => settingsChanged || changed.includes(app.workload.name) || !app.isRunning(),
    )
    const [first, ...others] = stale
    if (!first) return
    // On a machine with few cores the first, which is the api, would otherwise be as late as the last.
    await Promise.race([restart(first, startedAt), sleep(1000)])
    for (const app of others) void restart(app, startedAt)
    reloading.restarted()
  }

  async function restart(app: AppProcess, startedAt: number) {
    await app.restart()
    if (await app.waitUntilReady())
      print(`${app.workload.name} reloaded in ${Date.now() - startedAt} ms`)
  }
}
