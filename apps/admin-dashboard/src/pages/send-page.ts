import type { Response } from 'express'
import { allowSources, send, type Html } from '@ashlar/core/http'

/** These pages need one style sheet of ours and may send forms to us; there is no script. */
export function sendPage(response: Response, status: number, page: Html): void {
  allowSources(response, {
    'style-src': ["'self'"],
    'img-src': ['data:'],
    'form-action': ["'self'"],
  })
  response.set('Cache-Control', 'no-store')
  send(response, status, 'text/html; charset=utf-8', page.markup)
}
