import { execFileSync } from 'node:child_process'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ExpectedFault } from './expected-fault.ts'
import { ensureFolder, localFolder } from './project.ts'
import { findRedis, type RedisSource } from './redis-binary.ts'
import { spawnServer, type RunningServer } from './server-process.ts'

export interface RedisOptions {
  dir: string
  port: number
  /** True keeps jobs over a restart. */
  durable: boolean
  logFile?: string
  report?: (line: string) => void
}

/** Starts Redis (or Valkey) on 127.0.0.1 as BullMQ needs it: nothing is ever evicted. */
export async function startRedis(options: RedisOptions): Promise<RunningServer> {
  const { dir, port } = options
  ensureFolder(dir)
  const source = await findRedis(options.report ?? (() => {}))
  const server = spawnServer({
    name: 'Redis',
    stage: 'redis',
    logFile: options.logFile ?? join(localFolder, 'logs/redis.log'),
    ...(source.kind === 'program' ? program(source, options) : container(source.image, options)),
  })
  await waitUntilReady(server, port)
  return {
    pid: server.pid,
    exited: server.exited,
    stop: server.stop,
    url: `redis://127.0.0.1:${port}`,
  }
}

function program(source: Extract<RedisSource, { kind: 'program' }>, options: RedisOptions) {
  return {
    command: source.path,
    args: [...settings(options), '--port', String(options.port), '--bind', '127.0.0.1'],
    cwd: options.dir,
    env: { ...process.env, ...source.env, LC_ALL: 'C' },
  }
}

function container(image: string, options: RedisOptions) {
  const name = `ashlar-redis-${options.port}`
  removeContainer(name)
  const user = process.getuid ? ['--user', `${process.getuid()}:${process.getgid!()}`] : []
  const publish = ['--publish', `127.0.0.1:${options.port}:6379`]
  const volume = ['--volume', `${options.dir}:/data`]
  return {
    command: 'docker',
    args: [
      ...['run', '--rm', '--name', name, ...publish, ...volume, ...user, image, 'redis-server'],
      ...settings(options),
      ...['--dir', '/data', '--protected-mode', 'no'],
    ],
    afterwards: ['docker', 'rm', '--force', name],
  }
}

function settings({ durable }: RedisOptions) {
  const values = {
    'maxmemory-policy': 'noeviction',
    appendonly: durable ? 'yes' : 'no',
    save: '',
    daemonize: 'no',
  }
  return Object.entries(values).flatMap(([name, value]) => [`--${name}`, value])
}

function removeContainer(name: string) {
  try {
    execFileSync('docker', ['rm', '--force', name], { stdio: 'ignore', timeout: 10_000 })
  } catch {
    // Docker says so again, and clearer, when it runs the new one.
  }
}

async function waitUntilReady(server: ReturnType<typeof spawnServer>, port: number) {
  const deadline = Date.now() + 120_000
  while (server.isRunning() && Date.now() < deadline) {
    if (await answersPing(port)) return
    await sleep(15)
  }
  const reason = server.lastWords()
  await server.stop()
  throw new ExpectedFault(`Redis did not start:\n${reason}`)
}

/** Redis answers `-LOADING` while it still reads its file. */
function answersPing(port: number) {
  return new Promise<boolean>((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.setTimeout(1000, () => settle(false))
    socket.once('error', () => settle(false))
    socket.once('close', () => settle(false))
    socket.once('connect', () => socket.write('PING\r\n'))
    socket.once('data', (data) => settle(data.toString().startsWith('+PONG')))
    function settle(answer: boolean) {
      resolve(answer)
      socket.destroy()
    }
  })
}
