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

/** The address of the page holds a secret: no cache, no other site and no search engine may learn it. */
export function keepPrivate(response: Response): void {
  response.set({
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'no-referrer',
    'X-Robots-Tag': 'noindex',
  })
}

/** Whether a failure is told to a program: pages come first, and only a client that names JSON gets it. */
export function wantsProblem(request: Request): boolean {
  const preferred = request.accepts(['text/html', 'application/json', problemType])
  return preferred === 'application/json' || preferred === problemType
}
