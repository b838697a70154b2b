import { defineError } from '../errors/index.ts'

/** The mail server is away, slow, or says "later": the same mail may go out on another try. */
export const mailUnavailable = defineError({
  kind: 'unavailable',
  code: 'mail.unavailable',
  title: 'Mail unavailable',
  detail: 'The mail server does not take mails right now.',
  help: 'Nothing is lost: the mail is sent again later.',
})

/** The mail server refuses this mail for good, or it is not fit to be sent: a repeat does not help. */
export const mailRefused = defineError({
  kind: 'invalid',
  code: 'mail.refused',
  title: 'Mail refused',
  detail: 'The mail server refuses this mail for good.',
  help: 'Check the address of the recipient and the settings of the mail server.',
})
