import { createHash } from 'node:crypto'
import type { Request, Response } from 'express'
import { notFound } from '../errors/index.ts'
import type { MountPage } from './mount-page.ts'
import { send } from './problem.ts'
import type { CatalogueEntry, ProblemCatalogue } from './problem-catalogue.ts'
import { allowSources } from './security-headers.ts'

const style = `
body { font: 1rem/1.6 system-ui, sans-serif; max-width: 42rem; margin: 4rem auto; padding: 0 1.5rem; color: #1f2328; background: #fff }
code { font: 0.9em ui-monospace, monospace; background: #f0f1f3; padding: 0.15em 0.4em; border-radius: 4px }
h1 { line-height: 1.2 } h2 { font-size: 1rem; margin: 2rem 0 0 } a { color: #0b57d0 } li { margin: 0.4rem 0 }
@media (prefers-color-scheme: dark) { body { color: #e6e6e6; background: #16181c } code { background: #2a2d33 } a { color: #8ab4f8 } }
`
const styleSource = `'sha256-${createHash('sha256').update(style).digest('base64')}'`

/** Serves `/problems/<code>`, where the `type` of a problem leads, and `/problems`, the list: a page for people, JSON for programs. */
export function mountProblemPages(mountPage: MountPage, catalogue: ProblemCatalogue): void {
  mountPage('/problems', (request, response) => {
    const entries = [...catalogue.values()]
    answer(request, response, { data: entries }, () => listPage(entries))
  })
  mountPage('/problems/:code', (request, response) => {
    const entry = catalogue.get(String(request.params['code']))
    if (!entry) throw notFound()
    answer(request, response, { data: entry }, () => entryPage(entry))
  })
}

function answer(request: Request, response: Response, data: object, page: () => string): void {
  response.vary('Accept')
  if (request.accepts(['html', 'json']) !== 'html')
    return send(response, 200, 'application/json', JSON.stringify(data))
  allowSources(response, { 'style-src': [styleSource] })
  send(response, 200, 'text/html; charset=utf-8', page())
}

const listPage = (entries: readonly CatalogueEntry[]): string =>
  page(
    'Problems',
    `<h1>Problems</h1>
<p>Every error that this API answers, as <a href="https://www.rfc-editor.org/rfc/rfc9457">RFC 9457</a> problem details.</p>
<ul>
${entries.map(listItem).join('\n')}
</ul>`,
  )

const listItem = ({ code, status, title }: CatalogueEntry): string =>
  `<li>${status} <a href="/problems/${escape(code)}"><code>${escape(code)}</code></a> ${escape(title)}</li>`

const entryPage = ({ code, status, title, detail, help }: CatalogueEntry): string =>
  page(
    title,
    `<h1>${escape(title)}</h1>
<p>HTTP ${status} &middot; <code>${escape(code)}</code></p>
<h2>What happened</h2>
<p>${escape(detail)}</p>
<h2>What to do</h2>
<p>${escape(help)}</p>
<p><a href="/problems">All problems</a></p>`,
  )

const page = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<style>${style}</style>
</head>
<body>
${body}
</body>
</html>
`

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
