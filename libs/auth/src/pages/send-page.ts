import type { Request, Response } from 'express'
import { allowSources, problemType, send, type Html } from '@ashlar/core/http'
import { styleSource } from './layout.ts'

/** The page has one style sheet of its own and may send its form to us; there is no script. */
export function sendPage(response: Response, status: number, page: Html): void {
  allowSources(response, {
    'style-src': [styleSource],
    'img-src': ['data:'],
    'form-action': ["'self'"],
  })
  keepPrivate(response)
  send(response, status, 'text/html; charset=utf-8', page.markup)
}

/**
 * The address of the page contains a token: caches, other sites and search engines get none of it.
 */
export function keepPrivate(response: Response): void {
  response.set({
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'no-referrer',
    'X-Robots-Tag': 'noindex',
  })
}

/** Reports whether the client prefers JSON to a page. One that accepts anything gets a page. */
export function wantsProblem(request: Request): boolean {
  const preferred = request.accepts(['text/html', 'application/json', problemType])
  return preferred === 'application/json' || preferred === problemType
}
