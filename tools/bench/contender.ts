import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../servers/free-port.ts'
import { ensureFolder, localFolder, projectRoot } from '../servers/project.ts'

const ticksPerSecond = 100
const longestStartMs = 20_000

/** A server under measurement: a process of its own, whose log goes to a file. */
export interface Contender {
  name: string
  url: string
  /** From the start of the process to its first answer. */
  startMs: number
  /** CPU time that the process has used, in microseconds. Zero where there is no `/proc`. */
  cpuUs(): number
  memoryMb(): number
  stop(): Promise<void>
}

export async function startContender(
  name: string,
  script: string,
  environment: NodeJS.ProcessEnv,
  nodeArguments: string[] = [],
): Promise<Contender> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const log = openSync(join(ensureFolder(join(localFolder, 'bench')), `${name}.log`), 'w')
  const startedAt = performance.now()
  const child = spawn(process.execPath, [...nodeArguments, script], {
    cwd: projectRoot,
    env: {
      PATH: process.env['PATH'],
      NODE_ENV: 'production',
      ...environment,
      PORT: String(port),
      MANAGEMENT_PORT: String(await freePort()),
    },
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  process.once('exit', () => child.kill('SIGKILL'))
  await untilReady(name, url, child)
  return {
    name,
    url,
    startMs: performance.now() - startedAt,
    cpuUs: () => readCpu(child.pid),
    memoryMb: () => readMemory(child.pid),
    stop: () => stop(child),
  }
}

async function untilReady(name: string, url: string, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + longestStartMs
  while (performance.now() < deadline && child.exitCode === null) {
    const answer = await fetch(`${url}/health/live`).catch(() => undefined)
    if (answer?.ok) return
    await sleep(5)
  }
  throw new Error(`${name} did not start; see .ashlar/bench/${name}.log.`)
}

function readCpu(pid = 0): number {
  const fields = readProc(pid, 'stat').split(') ')[1]?.split(' ') ?? []
  return ((Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / ticksPerSecond) * 1_000_000
}

function readMemory(pid = 0): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readProc(pid, 'status'))?.[1] ?? 0) / 1_024
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  await exited
}
