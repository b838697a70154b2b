import { duplicateParameter, malformedText } from './errors.ts'

/** Reads a query string or an urlencoded form (WHATWG URL §5.1), where a name may come once. */
export function parseForm(text: string): Record<string, string> {
  const fields = new Map<string, string>()
  for (const pair of text.split('&')) {
    if (pair === '') continue
    const [name, value] = splitPair(pair)
    if (fields.has(name)) throw duplicateParameter()
    fields.set(name, value)
  }
  return Object.fromEntries(fields)
}

function splitPair(pair: string): [string, string] {
  const middle = pair.indexOf('=')
  return middle === -1
    ? [decode(pair), '']
    : [decode(pair.slice(0, middle)), decode(pair.slice(middle + 1))]
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw malformedText()
  }
}
