import { isSecretName, mask } from '@ashlar/core/logging'

const deepest = 50

// Every repetition is bounded or cannot be tried twice, so that the time is linear in the text.
const namedInText =
  /((?:pass(?:word|phrase)|secret|token|authorization|cookie|api[-_]?key|private[-_]?key|credential)[\w-]{0,40}["']?\s{0,5}[:=]\s{0,5})((?:bearer\s{1,5}|basic\s{1,5})?)("[^"]*"?|'[^']*'?|[^\s"',;&<>{}()[\]]+)/gi
const credentialsInUrl = /(:\/\/[^\s/:@]{0,255}:)[^\s/@]{1,1000}(@)/g
const bearer = /(\bbearer\s{1,5})[\w.~+/=-]{8,}/gi

/** A copy of what a job tells: members named like a secret are masked at any depth, and so is what follows such a name in a text. */
export function withoutSecrets<T>(value: T): T {
  return masked(value, 0) as T
}

/** Whether something masked is in there. */
export const hasMask = (value: unknown): boolean => JSON.stringify(value)?.includes(mask) ?? false

function masked(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return maskText(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth > deepest) return mask
  if (Array.isArray(value)) return value.map((item) => masked(item, depth + 1))
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      isSecretName(name) && typeof inner !== 'boolean' ? mask : masked(inner, depth + 1),
    ]),
  )
}

const maskText = (text: string): string =>
  text
    .replace(namedInText, `$1$2${mask}`)
    .replace(credentialsInUrl, `$1${mask}$2`)
    .replace(bearer, `$1${mask}`)
