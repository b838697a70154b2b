import { html, type Html } from '@ashlar/core/http'
import { layout } from './layout.ts'

export interface RefusalPageProps {
  appName: string
  title: string
  detail: string
  /** Seconds after which a repeat may succeed. */
  retryAfter: string | undefined
}

export function refusalPage({ appName, title, detail, retryAfter }: RefusalPageProps): Html {
  const when = retryAfter ? html`<p>Try again in ${durationOf(Number(retryAfter))}.</p>` : ''
  const content = html`<h1>${title}</h1>
    <p>${detail}</p>
    ${when}
    <p class="note"><a href="/queues">To the queues</a> · <a href="/login">Log in</a></p>`
  return layout({ appName, title, content })
}

const durationOf = (seconds: number): string =>
  seconds < 120 ? count(seconds, 'second') : count(Math.ceil(seconds / 60), 'minute')

const count = (number: number, unit: string): string =>
  `${number} ${unit}${number === 1 ? '' : 's'}`
