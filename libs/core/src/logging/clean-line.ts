import { hideNamed } from './hide-named.ts'
import { mask } from './redact.ts'

/** What a terminal, a pager or a viewer may take for an order, and JSON leaves as it is: C1 controls, line separators, marks that turn text around. */
const activeCharacters = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** Where there is none of these, there is nothing else to look for. Outside of texts, no letter stands before a colon. */
const signsOfSecrets =
  /[=@]|eyJ|ak_|[Bb]earer|BEARER|[Bb]asic|PRIVATE KEY|\\"|:(?<=[A-Za-z_-]\d?'? {0,5}:)|',/

// They begin with what is rare, because most lines have none of it: to look back from there costs nothing.
const patterns: readonly [RegExp, string][] = [
  // Credentials in an address, such as that of a server.
  [/:\/\/(?:[^\s"\\/?#]|\\["\\u])*@/g, `://${mask}@`],
  // Plain words follow these two as well: "Bearer token", "basic rule".
  [/([Bb]earer|BEARER|[Bb]asic)\s+(?=\S*[A-Z\d=])[\w.~+/-]+=*/g, `$1 ${mask}`],
  [/(cookie|authorization)(:\s*)(?:[^"\\]|\\[^rn"])+/gi, `$1$2${mask}`],
  // A JSON Web Token, wherever a word begins, and an API key of the auth module.
  [/eyJ(?<=(?:[^\w-]|\\[bfnrt]|\\u[\da-f]{4})eyJ)[\w-]+\.[\w-]+(?:\.[\w-]*)*/g, mask],
  [/ak_[\w-]{43,}/g, mask],
  [/-----BEGIN [A-Z ]*PRIVATE KEY(?:[^"\\]|\\.)*/g, mask],
]

/**
 * A JSON line with what is dangerous in its strings made harmless: secrets that have a known form, and characters that could act. It looks at the
 * whole line once, so it reaches messages, stacks and names of members too. Every expression is linear in the line.
 */
export function cleanLine(line: string): string {
  const escaped = line.replace(activeCharacters, escape)
  return signsOfSecrets.test(escaped) ? hideSecrets(escaped) : escaped
}

/**
 * The text with every secret in it masked that a log line would not show.
 *
 * @example
 * redactText('GET /reset?token=never-shown') // 'GET /reset?token=[redacted]'
 */
export function redactText(text: string): string {
  return JSON.parse(hideSecrets(JSON.stringify(text))) as string
}

function hideSecrets(line: string): string {
  return hideNamed(patterns.reduce((text, [pattern, shown]) => text.replace(pattern, shown), line))
}

const escape = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
