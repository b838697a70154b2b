import type { Express, RequestHandler } from 'express'
import { dependencyUnavailable } from '@ashlar/core/errors'
import { unauthenticated } from '@ashlar/core/http'
import type { FeatureModule } from '@ashlar/core/module'
import { queuesOf, type Queues } from '@ashlar/core/queue'
import type { AdminSession } from '../session/admin-session.ts'
import { servePages } from './board-pages.ts'
import { createBoard } from './board.ts'

export interface BoardRoutesDeps {
  appName: string
  modules: readonly FeatureModule[]
  queues: Queues
  session: AdminSession
}

/** Bull-Board at `/queues`, behind the log-in. */
export function mountBoard(
  app: Express,
  { appName, modules, queues, session }: BoardRoutesDeps,
): void {
  const names = modules.flatMap(queuesOf)
  const board = createBoard({ appName, queues, names })
  app.use('/queues', requireAdmin, requireRedis, servePages(board), board)

  async function requireAdmin(...[request, response, next]: Parameters<RequestHandler>) {
    const admin = await session.findAdmin(request, response)
    if (!admin && request.path.startsWith('/api/'))
      throw unauthenticated({ detail: 'Log in to the dashboard first.' })
    if (!admin) return response.redirect(303, '/login')
    next()
  }

  /** Bull-Board's own calls would each wait for their command to fail. */
  function requireRedis(...[, , next]: Parameters<RequestHandler>): void {
    if (!queues.redis.isUp()) throw dependencyUnavailable()
    next()
  }
}
