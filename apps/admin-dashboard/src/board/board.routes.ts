import type { Express, RequestHandler, Response } from 'express'
import { dependencyUnavailable, notFound } from '@ashlar/core/errors'
import { mountPath, unauthenticated, type Handlers } from '@ashlar/core/http'
import type { FeatureModule } from '@ashlar/core/module'
import { queuesOf, type Queues } from '@ashlar/core/queue'
import type { RedisConnection } from '@ashlar/core/redis'
import type { AdminSession } from '../session/admin-session.ts'
import { serveRoute } from './board-api.ts'
import { serveAsset, servePage } from './board-pages.ts'
import { tellPage } from './board-refusal.ts'
import { createBoard } from './board.ts'

export interface BoardRoutesDeps {
  appName: string
  modules: readonly FeatureModule[]
  queues: Queues
  redis: Pick<RedisConnection, 'ping'>
  session: AdminSession
}

/** Bull-Board at `/queues`, behind the log-in. */
export function mountBoard(
  app: Express,
  { appName, modules, queues, redis, session }: BoardRoutesDeps,
): void {
  const board = createBoard({ appName, queues, names: modules.flatMap(queuesOf) })
  const page = forAdmin(servePage(board), redirectToLogin)
  for (const path of ['', ...listOf(board.entry.route)])
    mountPath(app, `/queues${path}`, { get: page })
  mountPath(app, '/queues/static/*path', { get: forAdmin(serveAsset(board), redirectToLogin) })
  for (const [path, handlers] of apiPaths()) mountPath(app, `/queues${path}`, handlers)
  app.use('/queues/api', forAdmin(refuseUnknown, challenge), tellPage)

  function apiPaths(): [string, Handlers][] {
    const paths: Record<string, Handlers> = {}
    for (const route of board.routes)
      for (const path of listOf(route.route))
        for (const method of listOf(route.method))
          (paths[path] ??= {})[method] = forAdmin(serveRoute(board, redis, route), challenge)
    return Object.entries(paths).sort(([a], [b]) => literalFirst(a, b))
  }

  /** Bull-Board's own calls would each wait for their command to fail while Redis is away. */
  function forAdmin(handle: RequestHandler, refuse: (response: Response) => void): RequestHandler {
    return async (request, response, next) => {
      if (!(await session.findAdmin(request, response))) return refuse(response)
      if (!queues.redis.isUp()) throw dependencyUnavailable()
      // A frozen Redis is up for as long as nobody asks it.
      await redis.ping()
      await handle(request, response, next)
    }
  }
}

const listOf = <T>(one: T | T[]): T[] => (Array.isArray(one) ? one : [one])

/** `/queues/pause` comes before `/queues/:queueName`. `~` sorts behind every letter. */
const literalFirst = (a: string, b: string): number =>
  a.replaceAll('/:', '/~') < b.replaceAll('/:', '/~') ? -1 : 1

const redirectToLogin = (response: Response): void => response.redirect(303, '/login')

function challenge(): never {
  throw unauthenticated({ detail: 'Log in to the dashboard first.' })
}

function refuseUnknown(): never {
  throw notFound()
}
