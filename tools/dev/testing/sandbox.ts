import { spawn, type ChildProcess } from 'node:child_process'
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { freePort } from '../../servers/free-port.ts'
import { startTime } from '../../servers/processes.ts'
import { serverPorts, workloads } from '../workloads.ts'

export interface SandboxOptions {
  /** The processes of the system themselves, or small ones that start at once. */
  processes?: 'real' | 'stand-ins'
}

export type Sandbox = Awaited<ReturnType<typeof createSandbox>>

/**
 * A copy of the launcher in a folder of its own, with small processes in place of the real ones: tests of the
 * launcher neither touch the developer's data nor depend on what the system does.
 */
export async function createSandbox({ processes = 'stand-ins' }: SandboxOptions = {}) {
  const project = process.cwd()
  const root = join(
    project,
    '.ashlar/sandbox',
    `${process.pid}-${Math.random().toString(36).slice(2, 8)}`,
  )
  removeLeftovers(dirname(root))
  const ports = await choosePorts()
  const started: ChildProcess[] = []
  mkdirSync(join(root, '.ashlar/cache'), { recursive: true })
  for (const path of ['tools', 'prisma', 'package.json', 'package-lock.json', 'prisma.config.ts'])
    cpSync(join(project, path), join(root, path), { recursive: true, filter: isSource })
  for (const manifest of globSync('libs/*/package.json', { cwd: project }))
    cpSync(join(project, manifest), join(root, manifest))
  linkFromProject('.ashlar/cache/redis')
  if (processes === 'stand-ins') writeStandIns()
  else copySystem()

  return { env, ports, read, remove, root, run, start, write }

  /**
   * With the packages of others from the project, and its own from here: those of the project have
   * what was generated.
   */
  function copySystem() {
    for (const path of ['apps', 'libs', 'tsconfig.base.json'])
      cpSync(join(project, path), join(root, path), { recursive: true, filter: isSource })
    mkdirSync(join(root, 'node_modules/@ashlar'), { recursive: true })
    for (const name of readdirSync(join(project, 'node_modules')))
      if (name !== '@ashlar') linkFromProject(`node_modules/${name}`)
    for (const folder of globSync('libs/*', { cwd: root })) {
      const { name } = JSON.parse(read(`${folder}/package.json`)) as { name: string }
      symlinkSync(join(root, folder), join(root, 'node_modules', name))
      if (existsSync(join(project, folder, 'node_modules')))
        linkFromProject(`${folder}/node_modules`)
    }
  }

  function linkFromProject(path: string) {
    symlinkSync(join(project, path), join(root, path))
  }

  function writeStandIns() {
    linkFromProject('node_modules')
    for (const { entry, name } of workloads) write(`${entry}/src/main.ts`, standIn(name))
    write('tools/db/main.ts', `process.stdout.write('Applied 1_first\\n')\n`)
    write('tools/build/prepare.ts', `export const prepare = async () => {}\n`)
  }

  function env() {
    return Object.fromEntries(Object.entries(ports).map(([key, port]) => [key, String(port)]))
  }

  /** Starts a command of tools/dev; its output can be waited for. */
  function start(command: string, args: string[] = [], environment: Record<string, string> = {}) {
    const child = spawn('node', [join(root, 'tools/dev', `${command}.ts`), ...args], {
      cwd: root,
      // The channel ends what was started should the tests be killed.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env(), ...environment },
    })
    started.push(child)
    return observe(child)
  }

  async function run(
    command: string,
    args: string[] = [],
    environment: Record<string, string> = {},
  ) {
    const running = start(command, args, environment)
    const code = await running.exit
    return { code, output: running.output() }
  }

  function write(path: string, text: string) {
    mkdirSync(join(root, path, '..'), { recursive: true })
    writeFileSync(join(root, path), text)
  }

  function read(path: string) {
    return readFileSync(join(root, path), 'utf8')
  }

  async function remove() {
    for (const child of started) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      const exit = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      await exit
    }
    rmSync(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  }
}

export type Running = ReturnType<typeof observe>

function observe(child: ChildProcess) {
  let text = ''
  const listeners = new Set<() => void>()
  for (const stream of [child.stdout!, child.stderr!])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      for (const listener of listeners) listener()
    })
  const exit = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)))
  return {
    child,
    exit,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    output: () => text,
    sees,
  }

  /** Resolves with the match as soon as the output has it; rejects when the command ends without. */
  function sees(pattern: RegExp, from = 0) {
    return new Promise<RegExpExecArray>((resolve, reject) => {
      listeners.add(look)
      void exit.then(() => reject(new Error(`It ended without ${String(pattern)}:\n${text}`)))
      look()
      function look() {
        const found = pattern.exec(text.slice(from))
        if (!found) return
        listeners.delete(look)
        resolve(found)
      }
    })
  }
}

function removeLeftovers(folder: string) {
  if (!existsSync(folder)) return
  for (const name of readdirSync(folder))
    if (/^\d+-/.test(name) && !startTime(Number.parseInt(name)))
      rmSync(join(folder, name), { recursive: true, force: true })
}

async function choosePorts() {
  const keys = [
    ...workloads.flatMap((workload) => workload.ports.map(({ key }) => key)),
    ...Object.keys(serverPorts),
  ]
  const ports = new Map<string, number>()
  for (const key of keys) {
    let port = await freePort()
    while ([...ports.values()].includes(port)) port = await freePort()
    ports.set(key, port)
  }
  return Object.fromEntries(ports)
}

function isSource(path: string) {
  return !/\/(node_modules|generated)$|\.spec\.ts$/.test(path)
}

function standIn(name: string) {
  return `import { createServer } from 'node:http'
const servers = [process.env.PORT, process.env.MANAGEMENT_PORT].filter(Boolean).map((port) =>
  createServer((request, response) => response.end('${name} 1')).listen(Number(port)),
)
console.log(JSON.stringify({ level: 30, time: Date.now(), msg: 'listening', pid: process.pid }))
process.on('SIGTERM', () => {
  for (const server of servers) server.close(), server.closeAllConnections()
})
`
}
