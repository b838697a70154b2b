import { isSecretName, mask } from './redact.ts'

/** What a terminal, a pager or a viewer may take for an order, and JSON leaves as it is: C1 controls, line separators, marks that turn text around. */
const activeCharacters = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

const signsOfSecrets = /[=@]|eyJ|\b(?:bearer|basic|cookie|authorization)\b|PRIVATE KEY|\\"|: '/i

const patterns: readonly [RegExp, string][] = [
  // Credentials in an address, such as that of a server.
  [/:\/\/(?:[^\s"\\/?#]|\\["\\u])*@/g, `://${mask}@`],
  // Plain words follow these two as well: "Bearer token", "basic rule".
  [/\b([Bb]earer|BEARER|[Bb]asic)\s+(?=\S*[A-Z\d=])[\w.~+/-]+=*/g, `$1 ${mask}`],
  [/\b((?:set-)?cookie|authorization)(:\s*)(?:[^"\\\r\n]|\\[^rn"])+/gi, `$1$2${mask}`],
  // A JSON Web Token, wherever it stands.
  [/(?<![\w-])eyJ[\w-]+\.[\w-]+(?:\.[\w-]*)*/g, mask],
  [/-----BEGIN [A-Z ]*PRIVATE KEY(?:[^"\\]|\\.)*/g, mask],
]

/** `name=value` of a query, a form, a cookie or a connection string; the name tells. */
const pair = /([\w.%-]{1,64})=(?:[^\s"\\&;,#]|\\["\\u])+/g
/** JSON inside a string, where each quote is escaped, and what `util.inspect` prints. */
const innerJson = /\\"([\w.-]{1,64})\\":\s*\\"(?:[^"\\]|\\\\(?:\\.|[^"]))*/g
const inspected = /\b([\w-]{1,64})(['"]?: ')(?:[^'"\\]|\\.)*/g
/** Short names that hold a secret in the query of an address, and elsewhere something harmless. */
const secretParameter = /^(code|state|key|sig|signature|nonce)$/i

/**
 * A JSON line with what is dangerous in its strings made harmless: secrets that have a known form, and characters that could act. It looks at the
 * whole line once, so it reaches messages, stacks and names of members too. Every expression is linear in the line.
 */
export function cleanLine(line: string): string {
  const escaped = line.replace(activeCharacters, escape)
  return signsOfSecrets.test(escaped) ? hideSecrets(escaped) : escaped
}

function hideSecrets(line: string): string {
  const hidden = patterns.reduce((text, [pattern, shown]) => text.replace(pattern, shown), line)
  return hidden
    .replace(pair, (whole, name: string, at: number) =>
      isSecretName(name) || (secretParameter.test(name) && /[?&]/.test(hidden[at - 1] ?? ''))
        ? `${name}=${mask}`
        : whole,
    )
    .replace(innerJson, (whole, name: string) =>
      isSecretName(name) ? `\\"${name}\\":\\"${mask}` : whole,
    )
    .replace(inspected, (whole, name: string, quote: string) =>
      isSecretName(name) ? `${name}${quote}${mask}` : whole,
    )
}

const escape = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
