import { html, type Html } from './html.ts'
import { layout } from './layout.ts'

export interface RefusalPageProps {
  appName: string
  title: string
  detail: string
}

export function refusalPage({ appName, title, detail }: RefusalPageProps): Html {
  const content = html`<h1>${title}</h1>
    <p>${detail}</p>
    <p class="note"><a href="/queues">To the queues</a> · <a href="/login">Log in</a></p>`
  return layout({ appName, title, content })
}
