import type { Express, RequestHandler } from 'express'
import { allowSources, send } from '@ashlar/core/http'

/** Bull-Board's pages under a policy that lets them ask this host only. Its answers stay out of every cache. */
export const servePages =
  (board: Express): RequestHandler =>
  (request, response, next) => {
    allowSources(response, {
      'base-uri': ["'self'"],
      'script-src': ["'self'"],
      'style-src': ["'self'"],
      // The editor of job data makes its styles as it runs; no hash can name them. They reach no other host either.
      'style-src-elem': ["'self'", "'unsafe-inline'"],
      'img-src': ["'self'", 'data:'],
      'connect-src': ["'self'"],
    })
    if (!request.path.startsWith('/static/')) response.set('Cache-Control', 'no-store')
    // An own property, which goes before the one that Bull-Board's app would bring.
    response.render = (view: string, values?: unknown) =>
      board.render(view, values as object, (error, page) => {
        if (error) return next(error)
        send(response, 200, 'text/html; charset=utf-8', withoutForeignParts(page))
      })
    next()
  }

/** The policy would stop them anyway, with a complaint in the browser's console: a font of another host, and the style attributes of a splash screen. */
const withoutForeignParts = (page: string): string =>
  page
    .replaceAll(/<link\b[^>]*\bhref="https?:[^>]*>/g, '')
    .replace(/(<div id="root">)[\s\S]*<\/style>\s*(<\/div>)/, '$1$2')
