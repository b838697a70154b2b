import { certificateFault, type AppError } from '../errors/index.ts'
import { mailRefused, mailUnavailable } from './mail.errors.ts'

/** The steps at which a server judges this one mail; what it refuses before them (the login, TLS) concerns every mail. */
const aboutThisMail = /^(MAIL FROM|RCPT TO|DATA)$/
/** "Authentication required" and its kin come at MAIL FROM, but are settings of ours that somebody can mend. */
const aboutAuthentication = [530, 534, 535, 538]

interface SmtpError extends Error {
  responseCode?: number
  command?: string
}

/** Tells a failure that a repeat may cure from one that it cannot. What the server wrote stays out: it quotes addresses. */
export function toMailError(error: unknown): AppError {
  const { responseCode, command = '', message } = error as SmtpError
  if (responseCode === undefined)
    return mailUnavailable({ cause: new Error(certificateFault(error) ?? message) })
  const cause = new Error(
    `the mail server answered ${responseCode} to ${command || 'the greeting'}`,
  )
  const permanent =
    responseCode >= 500 &&
    aboutThisMail.test(command) &&
    !aboutAuthentication.includes(responseCode)
  if (!permanent) return mailUnavailable({ cause })
  return mailRefused({
    detail: `The mail server refuses this mail: ${responseCode} to ${command}.`,
  })
}
