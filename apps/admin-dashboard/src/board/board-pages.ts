import { ExpressAdapter } from '@bull-board/express'
import type { Express, RequestHandler, Response } from 'express'
import { notFound } from '@ashlar/core/errors'
import { allowSources, send } from '@ashlar/core/http'
import type { Board } from './board.ts'

/** Bull-Board's page under a policy that lets it ask this host only. It stays out of every cache. */
export function servePage({ entry, uiConfig, views }: Board): RequestHandler {
  // For its template engine alone.
  const renderer = new ExpressAdapter().setViewsPath(views).getRouter() as Express
  const { name, params } = entry.handler({ basePath: '/queues', uiConfig })
  return (_request, response, next) =>
    renderer.render(name, params, (error, page) => {
      if (error) return next(error)
      allowOwnSources(response)
      response.set('Cache-Control', 'no-store')
      send(response, 200, 'text/html; charset=utf-8', withoutForeignParts(page))
    })
}

/** Scripts have the policy too: a worker goes by that of its own script. */
export const serveAsset =
  ({ assets }: Board): RequestHandler =>
  ({ params: { path = '' } }, response, next) => {
    const segments = [path].flat()
    if (segments.includes('')) throw notFound()
    allowOwnSources(response)
    response.sendFile(segments.join('/'), { root: assets }, (cause: unknown) => {
      if (cause) next(notFound({ cause }))
    })
  }

const allowOwnSources = (response: Response): void =>
  allowSources(response, {
    'base-uri': ["'self'"],
    'script-src': ["'self'"],
    'style-src': ["'self'"],
    // The editor of job data makes its styles as it runs; no hash can name them. They reach no other host either.
    'style-src-elem': ["'self'", "'unsafe-inline'"],
    'img-src': ["'self'", 'data:'],
    'connect-src': ["'self'"],
  })

/** The policy would stop them anyway, with a complaint in the browser's console: a font of another host, and the style attributes of a splash screen. */
const withoutForeignParts = (page: string): string =>
  page
    .replaceAll(/<link\b[^>]*\bhref="https?:[^>]*>/g, '')
    .replace(/(<div id="root">)[\s\S]*<\/style>\s*(<\/div>)/, '$1$2')
