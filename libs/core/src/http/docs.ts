import { dirname, join } from 'node:path'
import type { RequestHandler } from 'express'
import type { MountPage } from './mount-page.ts'
import { send } from './problem.ts'
import { allowSources } from './security-headers.ts'

// Not by its main file, which would load the whole page's code into this process.
const assetFolder = dirname(require.resolve('swagger-ui-dist/package.json'))

const assets = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png']

/** Serves the API document as a page at `/docs`. All of it comes from here: no other host is asked, and no script stands in the page. */
export function mountDocs(mountPage: MountPage, appName: string): void {
  mountPage('/docs', servePage(appName))
  mountPage('/docs/', (_request, response) => response.redirect(308, '/docs'))
  mountPage('/docs/start.js', serveScript, { anyQuery: true })
  for (const asset of assets) mountPage(`/docs/${asset}`, serveAsset(asset), { anyQuery: true })
}

const servePage =
  (appName: string): RequestHandler =>
  (_request, response) => {
    allowSources(response, {
      'script-src': ["'self'"],
      'style-src': ["'self'"],
      'img-src': ["'self'", 'data:'],
      'connect-src': ["'self'"],
    })
    send(response, 200, 'text/html; charset=utf-8', pageFor(appName))
  }

const serveScript: RequestHandler = (_request, response) =>
  send(response, 200, 'text/javascript; charset=utf-8', startScript)

const serveAsset =
  (asset: string): RequestHandler =>
  (_request, response) =>
    response.sendFile(join(assetFolder, asset), { maxAge: '1h', acceptRanges: false })

// The name is held to letters, digits, blanks, dots and dashes by the configuration.
const pageFor = (appName: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${appName} API</title>
<link rel="icon" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="api"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`

const startScript = `SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#api',
  deepLinking: true,
  tryItOutEnabled: true,
  persistAuthorization: false,
  validatorUrl: null,
})
`
