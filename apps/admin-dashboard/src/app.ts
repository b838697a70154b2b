import type { Express } from 'express'
import { notFound } from '@ashlar/core/errors'
import {
  createBaseApp,
  createProblemWriter,
  mountHealth,
  mountPath,
  pageStylesheet,
  send,
  type Health,
} from '@ashlar/core/http'
import type { Core } from '@ashlar/core/module'
import type { Modules } from '@ashlar/modules'
import { mountAccount } from './account.routes.ts'
import { mountBoard } from './board/board.routes.ts'
import { mountLogin } from './login.routes.ts'
import { requireOwnOrigin } from './own-origin.ts'
import { answerWithPage } from './refusal.ts'
import { createAdminSession } from './session/admin-session.ts'

export interface AdminAppDeps {
  core: Pick<Core, 'config' | 'log' | 'metrics' | 'redis' | 'queues' | 'rateLimits'>
  modules: Pick<Modules, 'auth' | 'all'>
  health: Health
}

/** Bull-Board over the queues of all modules, for administrators who have logged in. */
export function createAdminApp({ core, modules, health }: AdminAppDeps): Express {
  const { config, log, metrics, queues, redis, rateLimits } = core
  const { appName, problemBaseUrl } = config
  const { gateway } = modules.auth
  const session = createAdminSession({ config, gateway })
  // Nobody else's pages have any business here, whatever the api allows them.
  const app = createBaseApp({ config: { ...config, corsOrigins: [] }, log, metrics })

  app.use(requireOwnOrigin)
  mountHealth(app, health)
  mountPath(app, '/', { get: (_request, response) => response.redirect(303, '/queues') })
  mountPath(app, '/style.css', {
    // Bull-Board brings its own.
    get: (_request, response) => {
      response.set('Cache-Control', 'public, max-age=3600')
      send(response, 200, 'text/css; charset=utf-8', pageStylesheet)
    },
  })
  mountLogin(app, { appName, gateway, session, rateLimits, log })
  mountAccount(app, { appName, session })
  mountBoard(app, { appName, modules: modules.all, queues, redis, session })

  app.use(() => {
    throw notFound()
  })
  app.use(answerWithPage({ appName, log }))
  app.use(createProblemWriter({ problemBaseUrl, log }))
  return app
}
