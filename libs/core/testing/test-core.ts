import { randomBytes } from 'node:crypto'
import { Writable } from 'node:stream'
import { coreConfig, parseConfig, type Environment } from '../src/config/index.ts'
import { createHealth, createHttpApp, createHttpServer } from '../src/http/index.ts'
import { createLogger } from '../src/logging/index.ts'
import { createCore, type Clock, type Core, type FeatureModule } from '../src/module/index.ts'
import { cloneTestDatabase } from './database.ts'
import { eventually } from './eventually.ts'

export interface TestCoreOptions {
  clock?: Clock
  /** Keys over the defaults of a test: an own database, an own queue prefix, no rate limits, and a mail server that does not exist. */
  environment?: Environment
}

export interface TestCore {
  core: Core
  /** Every log line since the start. */
  lines: Record<string, unknown>[]
  stop(): Promise<void>
}

/** The platform on a database of its own. Redis is the test run's, under another prefix. */
export async function createTestCore({
  clock,
  environment,
}: TestCoreOptions = {}): Promise<TestCore> {
  const database = await cloneTestDatabase(
    process.env['DATABASE_URL'] ?? '',
    process.env['JEST_WORKER_ID'] ?? '1',
  )
  const { core: config } = parseConfig(
    { core: coreConfig },
    {
      APP_ENV: 'testing',
      APP_NAME: `test ${randomBytes(4).toString('hex')}`,
      APP_URL: 'http://api.test',
      DATABASE_URL: database.url,
      REDIS_URL: process.env['REDIS_URL'],
      SMTP_URL: 'smtp://127.0.0.1:9',
      RATE_LIMIT_ENABLED: 'false',
      ...environment,
    },
  )
  const lines: Record<string, unknown>[] = []
  const destination = new Writable({
    write(line: Buffer, _encoding, done) {
      lines.push(JSON.parse(line.toString()) as Record<string, unknown>)
      done()
    },
  })
  const log = createLogger({ name: 'test', config, destination })
  const core = createCore({ process: 'test', config, log, ...(clock && { clock }) })
  await core.lifecycle.start()
  // A busy machine may take longer than a query waits for its connection.
  await eventually(
    () =>
      core.database.ping().then(
        () => true,
        () => false,
      ),
    60_000,
  )
  return { core, lines, stop }

  async function stop() {
    await core.lifecycle.stop()
    await database.drop()
  }
}

export interface TestServer {
  /** Where it listens, without a slash at the end. */
  url: string
  stop(): Promise<void>
}

/** Serves modules over real HTTP on a free port of this machine, as the api does. */
export async function serveModules(
  core: Core,
  modules: readonly FeatureModule[],
): Promise<TestServer> {
  const { config, log, metrics, database, rateLimits, cache } = core
  const { problemBaseUrl } = config
  const health = createHealth({
    problemBaseUrl,
    checks: [{ name: 'database', required: true, check: () => database.ping() }],
  })
  const app = createHttpApp({
    routes: modules.flatMap(({ routes }) => routes ?? []),
    errors: modules.flatMap(({ errors }) => errors ?? []),
    config,
    log,
    health,
    metrics,
    database,
    rateLimits,
    cache,
    mountPages: (app) => modules.forEach((module) => module.mountPages?.(app)),
  })
  const server = createHttpServer({ app, port: 0, problemBaseUrl, log, health, lingerMs: 0 })
  await server.start()
  return {
    url: `http://127.0.0.1:${server.port()}`,
    stop: () => server.stop(AbortSignal.timeout(2_000)),
  }
}
