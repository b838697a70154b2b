import type { Express, RequestHandler } from 'express'
import { nameRoute } from '../telemetry/index.ts'
import type { Method } from './contract.ts'
import { methodNotAllowed } from './errors.ts'

export type Handlers = Partial<Record<Method, RequestHandler>>

/** Serves one path: its methods, HEAD with GET, OPTIONS, and 405 for the others, before anybody is asked who they are. */
export function mountPath(app: Express, path: string, handlers: Handlers): void {
  const allow = allowedMethods(handlers)
  const route = app.route(path)
  for (const [method, handler] of Object.entries(handlers))
    route[method as Method](named(path, handler))
  route.options((_request, response) => {
    response.set('Allow', allow).status(204).end()
  })
  route.all(() => {
    throw methodNotAllowed({ headers: { Allow: allow } })
  })
}

/** For the trace, if there is one. */
function named(path: string, handler: RequestHandler): RequestHandler {
  return (request, response, next) => {
    nameRoute(request.method, path)
    return handler(request, response, next)
  }
}

function allowedMethods(handlers: Handlers): string {
  const methods = Object.keys(handlers).map((method) => method.toUpperCase())
  return [...methods, ...(handlers.get ? ['HEAD'] : []), 'OPTIONS'].sort().join(', ')
}
