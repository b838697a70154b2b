import { html, type Html } from './html.ts'

export interface HtmlPageProps {
  title: string
  /** A `style` or a `link` with the stylesheet of the page. */
  style: Html
  content: Html
}

/** A page that is one card in the middle of the window. */
export const htmlPage = ({ title, style, content }: HtmlPageProps): Html =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <link rel="icon" href="data:," />
        ${style}
      </head>
      <body>
        <main>${content}</main>
      </body>
    </html> `
