import { createHash } from 'node:crypto'
import { html, htmlPage, pageStylesheet, type Html } from '@ashlar/core/http'

export interface LayoutProps {
  appName: string
  title: string
  content: Html
}

/** For the policy of the pages, in which nothing else may give style. */
export const styleSource = `'sha256-${createHash('sha256').update(pageStylesheet).digest('base64')}'`

/** Apart from the markup below, which Prettier would change: the policy contains its digest. */
const style: Html = { markup: `<style>${pageStylesheet}</style>` }

/** The style is in the page, which loads nothing else. */
export const layout = ({ appName, title, content }: LayoutProps): Html =>
  htmlPage({
    title: `${title} · ${appName}`,
    style,
    content: html`<p class="brand">${appName}</p>
      <h1>${title}</h1>
      ${content}`,
  })
