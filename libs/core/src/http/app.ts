import type { Express } from 'express'
import type { CoreConfig } from '../config/index.ts'
import type { Cache } from '../cache/index.ts'
import type { Database } from '../db/index.ts'
import { notFound, type ErrorFactory } from '../errors/index.ts'
import type { Logger } from '../logging/index.ts'
import type { RateLimits } from '../rate-limit/index.ts'
import { createBaseApp } from './base-app.ts'
import type { Route } from './contract.ts'
import { mountDocs } from './docs.ts'
import { refusingAsDocumented } from './documented-refusals.ts'
import type { Health } from './health.ts'
import { mountHealth } from './health-routes.ts'
import { createIdempotencyKeys } from '../idempotency/index.ts'
import { mountPath, type Handlers } from './mount.ts'
import { createPageMounter, type MountPage } from './mount-page.ts'
import { describeApi } from './openapi.ts'
import { createCatalogue } from './problem-catalogue.ts'
import { mountProblemPages } from './problem-pages.ts'
import { createProblemWriter } from './problem-writer.ts'
import { send } from './problem.ts'
import type { HttpMetrics } from './request-metrics.ts'
import { createRouteHandler, type RouteHandlerDeps } from './route-handler.ts'
import type { Routes } from './routes.ts'

export interface HttpAppDeps {
  /** What the modules serve. */
  routes: readonly Routes[]
  /** What the modules may answer, for the catalogue. */
  errors: readonly ErrorFactory[]
  config: Pick<CoreConfig, 'appEnv' | 'appName' | 'trustProxy' | 'corsOrigins' | 'problemBaseUrl'>
  log: Logger
  health: Health
  metrics: HttpMetrics
  /** Counts requests; without it none is limited. */
  rateLimits?: RateLimits | undefined
  /** Keeps the answers of cached routes; without it there can be none. */
  cache?: Cache | undefined
  /** Keeps the keys of idempotent routes; without it there can be none. */
  database?: Pick<Database, 'pool'> | undefined
  /** Puts further pages on the application, such as those for developers. */
  mountPages?: ((app: Express) => void) | undefined
}

/**
 * The Express application of an API: declared routes, their document and its page, the problem catalogue and health. It listens to
 * nothing yet. Throws when two routes or two errors contradict each other.
 *
 * @example
 * const app = createHttpApp({ routes: [stoneRoutes], errors: [stoneTaken], config, log, health, metrics })
 */
export function createHttpApp({
  routes,
  errors,
  config,
  log,
  health,
  metrics,
  database,
  rateLimits,
  cache,
  mountPages,
}: HttpAppDeps): Express {
  const app = createBaseApp({ config, log, metrics })

  const declared = routes.flatMap(({ list }) => list)
  const catalogue = createCatalogue(config.problemBaseUrl, errors)
  mountRoutes(app, declared, {
    log,
    rateLimits,
    cache,
    strict: config.appEnv === 'testing',
    idempotencyKeys: database && createIdempotencyKeys(database),
  })
  mountHealth(app, health)
  const mountPage = createPageMounter(app, rateLimits)
  mountProblemPages(mountPage, catalogue)
  mountDocument(mountPage, () =>
    describeApi({ appName: config.appName, routes: declared, catalogue }),
  )
  mountDocs(mountPage, config.appName)
  mountPages?.(app)

  app.use(() => {
    throw notFound()
  })
  app.use(createProblemWriter({ problemBaseUrl: config.problemBaseUrl, log }))
  return app
}

function mountRoutes(app: Express, declared: readonly Route[], deps: RouteHandlerDeps): void {
  const byPath = [...Map.groupBy(declared, (route) => route.path)]
  for (const [path, routes] of byPath.sort(([a], [b]) => literalFirst(a, b))) {
    const handlers: Handlers = {}
    for (const route of routes) {
      if (handlers[route.method])
        throw new Error(`${route.method.toUpperCase()} ${path} is declared twice`)
      const handle = createRouteHandler(route, deps)
      handlers[route.method] = deps.strict ? refusingAsDocumented(route, handle) : handle
    }
    mountPath(app, path, handlers)
  }
}

/** `/users/me` comes before `/users/:id`, in whatever order they were declared. `~` sorts behind every letter. */
const literalFirst = (a: string, b: string): number =>
  a.replaceAll('/:', '/~') < b.replaceAll('/:', '/~') ? -1 : 1

/** Made when it is first asked for, so that a start does not wait for it. */
function mountDocument(mountPage: MountPage, describe: () => object): void {
  let document: string | undefined
  mountPage('/openapi.json', (_request, response) =>
    send(response, 200, 'application/json', (document ??= JSON.stringify(describe()))),
  )
}
