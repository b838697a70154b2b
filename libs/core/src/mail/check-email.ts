import { mailRefused } from './mail.errors.ts'
import type { Email } from './email.ts'

/** One ASCII address: no list, no name, no comment, no line break that would begin another header. */
const oneAddress = /^[^\s,;:<>()[\]\\"@\p{Cc}\u{80}-\u{10ffff}]{1,64}@[A-Za-z0-9.-]{1,253}$/u
const wordOfId = /^[A-Za-z0-9._-]{1,200}$/

/** Throws `mail.refused` for what must not reach a header. */
export function checkEmail({ to, subject, text, html, unsubscribeUrl }: Email): void {
  if (!oneAddress.test(to)) refuse('The recipient is not one plain address.')
  if (!subject.trim() || /[\p{Cc}\p{Zl}\p{Zp}]/u.test(subject))
    refuse('The subject is not one line.')
  if (!text.trim() || !html.trim()) refuse('A mail needs a text part and an HTML part.')
  if (unsubscribeUrl !== undefined && !isPlainUrl(unsubscribeUrl))
    refuse('The address to unsubscribe is not one plain http or https URL.')
}

export function checkMessageId(messageId: string): void {
  if (!wordOfId.test(messageId)) refuse('The message id is not a word.')
}

const isPlainUrl = (text: string): boolean =>
  /^https?:\/\/[!#-;=?-~]{1,900}$/.test(text) && URL.canParse(text)

function refuse(detail: string): never {
  throw mailRefused({ detail })
}
