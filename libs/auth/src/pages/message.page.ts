import type { AppError } from '@ashlar/core/errors'
import { html, type Html } from '@ashlar/core/http'
import { invalidToken } from '../auth.errors.ts'
import { timeSpan } from '../emails/time-span.ts'
import { layout } from './layout.ts'

export interface Message {
  title: string
  text: string
}

/** A page with a message and nothing to do. */
export const messagePage = (appName: string, { title, text }: Message): Html =>
  layout({ appName, title, content: html`<p>${text}</p>` })

const deadLink: Message = {
  title: 'This link no longer works',
  text: 'It was used, it has expired, or a newer mail took its place. Ask for a new mail, and open the link of the newest one.',
}

/** A failure, as a person sees it. */
export function refusalPage(appName: string, error: AppError, retryAfter?: string): Html {
  if (error.code === invalidToken.code) return messagePage(appName, deadLink)
  const { title, help } = error.definition
  const next = retryAfter ? `Try again in ${timeSpan(Number(retryAfter) * 1_000)}.` : help
  const content = html`<p>${error.message}</p>
    <p>${next}</p>`
  return layout({ appName, title, content })
}
