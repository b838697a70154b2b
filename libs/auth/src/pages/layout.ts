import { createHash } from 'node:crypto'
import { html, pageStylesheet, type Html } from '@ashlar/core/http'

export interface LayoutProps {
  appName: string
  title: string
  content: Html
}

/** For the policy of the pages, in which nothing else may give style. */
export const styleSource = `'sha256-${createHash('sha256').update(pageStylesheet).digest('base64')}'`

/** Apart from the markup below, which Prettier would change: the policy contains its digest. */
const style: Html = { markup: `<style>${pageStylesheet}</style>` }

/** One card in the middle of the window. The style is in the page, which loads nothing else. */
export const layout = ({ appName, title, content }: LayoutProps): Html =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} · ${appName}</title>
        <link rel="icon" href="data:," />
        ${style}
      </head>
      <body>
        <main>
          <p class="brand">${appName}</p>
          <h1>${title}</h1>
          ${content}
        </main>
      </body>
    </html> `
