import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { eventually } from '../../../testing/eventually.ts'

const root = join(__dirname, '..', '..', '..', '..', '..')
const entry = 'libs/core/src/queue/fixtures/worker-process.ts'

export type WorkerProcess = ReturnType<ReturnType<typeof createWorkerProcesses>['start']>

/** Starts workers in processes of their own, with `fixtures/worker-process.ts`. */
export function createWorkerProcesses(spec: string) {
  const bundle = join(root, '.ashlar', 'cache', 'specs', `${spec}-worker.cjs`)
  const running = new Set<ChildProcess>()
  return { build, start, killAll }

  function build(): void {
    execFileSync(process.execPath, ['tools/build/build.ts', entry, bundle], { cwd: root })
  }

  function start(environment: Record<string, string>) {
    const lines: string[] = []
    const env = { PATH: process.env['PATH'], ...environment }
    const child = spawn(process.execPath, [bundle], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    running.add(child)
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      lines.push(...text.split('\n').filter(Boolean))
    })
    const exited = once(child, 'exit').then(([code]) => {
      running.delete(child)
      return code as number | null
    })
    return { child, lines, exited, said, isRunning: () => running.has(child) }

    function said(text: string) {
      return eventually(() => lines.some((line) => line.includes(text)))
    }
  }

  function killAll(): void {
    for (const child of running) child.kill('SIGKILL')
  }
}
