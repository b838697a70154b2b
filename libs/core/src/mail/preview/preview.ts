import type { Express, RequestHandler } from 'express'
import { notFound } from '../../errors/index.ts'
import { allowSources, mountPath, send } from '../../http/index.ts'
import type { AnyEmailTemplate } from '../define-email.ts'
import type { Email } from '../email.ts'
import { emailPage, listPage, styleSource } from './pages.ts'

/**
 * Serves `/dev/mails`: every template with its sample props, as a mail reader would show it and as text. For developers, so not in production.
 * Throws if two templates have one name.
 *
 * @example
 * const app = createHttpApp({ ...deps, mountPages: (app) => mountMailPreview(app, [stoneReady]) })
 */
export function mountMailPreview(app: Express, emails: readonly AnyEmailTemplate[]): void {
  const byName = new Map(emails.map((email) => [email.template, email]))
  if (byName.size < emails.length)
    throw new TypeError(`Two mails have one name: ${emails.map(({ template }) => template).join()}`)

  mountPath(app, '/dev/mails', {
    get: (_request, response) => {
      allowSources(response, { 'style-src': [styleSource], 'img-src': ['data:'] })
      send(response, 200, 'text/html; charset=utf-8', listPage(emails))
    },
  })
  mountPath(app, '/dev/mails/:template', {
    get: withSample((email, response) => {
      allowSources(response, {
        'style-src': [styleSource],
        'img-src': ['data:'],
        'frame-src': ["'self'"],
      })
      send(response, 200, 'text/html; charset=utf-8', emailPage(email))
    }),
  })
  mountPath(app, '/dev/mails/:template/html', {
    get: withSample((email, response) => {
      // A mail brings its own style. It may load no image from elsewhere, run nothing and send nothing.
      allowSources(response, {
        'style-src': ["'unsafe-inline'"],
        'img-src': ['data:'],
        'frame-ancestors': ["'self'"],
        sandbox: [],
      })
      response.set('X-Frame-Options', 'SAMEORIGIN')
      send(response, 200, 'text/html; charset=utf-8', email.html)
    }),
  })
  mountPath(app, '/dev/mails/:template/text', {
    get: withSample((email, response) =>
      send(response, 200, 'text/plain; charset=utf-8', email.text),
    ),
  })

  function withSample(show: (email: Email, response: Parameters<RequestHandler>[1]) => void) {
    const handler: RequestHandler = (request, response) => {
      const email = byName.get(String(request.params['template']))
      if (!email) throw notFound()
      show(email.render(email.sample), response)
    }
    return handler
  }
}
