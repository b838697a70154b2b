import { isSecretName, mask } from './redact.ts'

/** Where a name begins in a JSON line: the `n` of a line end is none of its letters. */
const start = String.raw`(?:(?<![\w.%\\-])|(?<=\\[\\bfnrt]|\\u[\da-f]{4}))`
const name = String.raw`${start}([\w.%-]+)`
const quote = String.raw`(?:\\"|')`
const gap = String.raw`(?:\s|\\[nrt]){0,40}`
const label = `${quote}?value${quote}?: {0,5}`
const noMember = String.raw`(?=${quote})(?!(?:\\"[\w-]{1,64}\\"|'[\w-]{1,64}') {0,5}:)`

/**
 * Where a value begins: after `name=` and `a[name]=` of a query, a form, a cookie or a connection string, after `name:` of a header, of JSON and of what
 * `util.inspect` prints, and after `'name',` of a list or of `{ name, value }`. The sign comes first, because there are few of them to look
 * back from.
 */
const named = new RegExp(
  `([:=])(?<=${name}(${quote}|])? {0,5}[:=]) {0,5}|,(?<=${name}${quote},)${gap}(?:${label}|${noMember})`,
  'g',
)

/** In quotes, in brackets, or as far as it can be one word. Whether there is a secret is no secret. */
const value =
  /(\\")(?:[^"\\]|\\\\(?:\\.|[^"]))*|(')(?:[^'"\\]|\\.)*|\[(?:[^\]"\\]|\\.)*\]?|(?!(?:true|false|null|undefined)(?![\w-]))(?:(?:bearer|basic) +)?(?:[^\s"\\&;,#]|\\["\\u])+/iy

/** Short names that hold a secret in the query of an address, and elsewhere something harmless. */
const secretParameter = /^(code|state|key|sig|nonce)$/i

/** Masks what follows a name that tells. What follows any other is looked at as well, because it may begin with such a name. */
export function hideNamed(line: string): string {
  let shown = ''
  let end = 0
  for (const found of line.matchAll(named)) {
    if (found.index < end || !tells(found)) continue
    const at = found.index + found[0].length
    value.lastIndex = at
    const secret = value.exec(line)
    if (!secret) continue
    shown += line.slice(end, at) + (secret[1] ?? secret[2] ?? '') + mask
    end = at + secret[0].length
  }
  return shown + line.slice(end)
}

function tells({ 1: sign, 2: name, 3: quote, 4: listed = '', index, input }: RegExpExecArray) {
  if (name === undefined) return isSecretName(listed)
  if (sign === ':' && !quote && isNoName(name)) return false
  if (isSecretName(decoded(name))) return true
  const before = input[index - name.length - 1] ?? ''
  return sign === '=' && /[?&]/.test(before) && secretParameter.test(name)
}

/** `auth.invalid_token: …`, `TokenError: …`, `token.ts:12`. */
const isNoName = (name: string): boolean => name.includes('.') || /(?:error|exception)$/i.test(name)

function decoded(name: string): string {
  if (!name.includes('%')) return name
  try {
    return decodeURIComponent(name).replace(/]$/, '')
  } catch {
    return name
  }
}
