import { html, type Html } from '@ashlar/core/http'

export interface LayoutProps {
  appName: string
  title: string
  content: Html
}

/** One card in the middle of the window. */
export const layout = ({ appName, title, content }: LayoutProps): Html =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} · ${appName} admin</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/style.css" />
      </head>
      <body>
        <main>
          <p class="brand">${appName} <span>admin</span></p>
          ${content}
        </main>
      </body>
    </html> `
