import { html, htmlPage, type Html } from '@ashlar/core/http'

export interface LayoutProps {
  appName: string
  title: string
  content: Html
}

const style = html`<link rel="stylesheet" href="/style.css" />`

export const layout = ({ appName, title, content }: LayoutProps): Html =>
  htmlPage({
    title: `${title} · ${appName} admin`,
    style,
    content: html`<p class="brand">${appName} <span>admin</span></p>
      ${content}`,
  })
