import { randomBytes } from 'node:crypto'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { authEnvironment } from '@ashlar/auth/testing'
import {
  cloneTestDatabase,
  startSmtpServer,
  startTcpProxy,
  type TcpProxy,
  type TestSmtpServer,
} from '@ashlar/core/testing'
import { startProcess, type Environment, type RunningProcess } from './running-process.ts'

const root = join(__dirname, '..', '..')

export interface System {
  smtp: TestSmtpServer
  /** Stands before Redis, so that a test can take it away. */
  redis: TcpProxy
  databaseUrl: string
  admin: { email: string; password: string }
  /** Starts one of the built processes against this system, and waits until it is ready unless `until` says `live`. */
  start(app: string, more?: Environment, until?: 'ready' | 'live'): Promise<RunningProcess>
  /** Ends what still runs, with the exit code of each. */
  stop(): Promise<(number | null)[]>
}

export interface SystemOptions {
  /** A PostgreSQL of its own, for a test that other tests would not survive. */
  postgresUrl?: string
}

/** A seeded database, a mail server and a door to Redis for the built processes: all real, nothing shared with another test. */
export async function createSystem({
  postgresUrl = process.env['DATABASE_URL'] ?? '',
}: SystemOptions = {}): Promise<System> {
  const database = await cloneTestDatabase(postgresUrl, process.env['JEST_WORKER_ID'] ?? '1')
  const smtp = await startSmtpServer()
  const redis = await startTcpProxy(process.env['REDIS_URL'] ?? '')
  const admin = { email: 'admin@example.com', password: randomBytes(18).toString('base64url') }
  const environment: Environment = {
    PATH: process.env['PATH'],
    APP_ENV: 'testing',
    APP_NAME: `e2e ${randomBytes(4).toString('hex')}`,
    DATABASE_URL: database.url,
    REDIS_URL: redis.url,
    SMTP_URL: smtp.url,
    // Nobody connects while these processes stop, unless a test says so.
    SHUTDOWN_LINGER: '100ms',
    AUTH_ADMIN_EMAIL: admin.email,
    AUTH_ADMIN_PASSWORD: admin.password,
    ...authEnvironment(),
  }
  const started: RunningProcess[] = []
  await prepare(environment).catch(async (error: unknown) => {
    await stop()
    throw error
  })
  return { smtp, redis, databaseUrl: database.url, admin, start, stop }

  async function start(
    app: string,
    more: Environment = {},
    until: 'ready' | 'live' = 'ready',
  ): Promise<RunningProcess> {
    const running = await startProcess(app, { ...environment, ...more }, until)
    started.push(running)
    return running
  }

  async function stop(): Promise<(number | null)[]> {
    const codes = await Promise.all(started.map((running) => running.stop()))
    await Promise.all([smtp.stop(), redis.close()])
    await database.drop()
    return codes
  }
}

const prepare = (env: Environment) =>
  promisify(execFile)(process.execPath, [join(root, 'dist/tools/db/main.js'), 'prepare'], {
    cwd: root,
    env,
  })
