import { SyntaxFault } from './list-fault.ts'

export interface FilterValue {
  text: string
  position: number
}

/** `field:value`, `field:operator:value` or `field:[value,…]`, before anything is known about the field. */
export interface FilterItem {
  field: FilterValue
  operator: FilterValue | undefined
  values: FilterValue[]
  isList: boolean
}

/** How many items a filter may have. PostgreSQL evaluates each of them for every row. */
export const mostFilterItems = 20

/** More would make a statement that PostgreSQL takes long to plan. */
const mostValues = 100

const commaOrQuotes = 'a comma, or double quotes around a value with a special character'

const special = ',:[]"'

/** Reads the items of a filter, one character after the other. Throws a {@link SyntaxFault} where the text cannot be read. */
export function parseFilters(text: string): FilterItem[] {
  let at = 0
  const items = [readItem()]
  while (at < text.length) {
    expect(',')
    items.push(readItem())
  }
  return items

  function readItem(): FilterItem {
    const field = readBare('a field')
    expect(':')
    if (text[at] === '[') return { field, operator: undefined, values: readList(), isList: true }
    const first = readValue()
    if (text[at] !== ':') return { field, operator: undefined, values: [first], isList: false }
    if (text[first.position] === '"') throw new SyntaxFault(at, 'Expected a comma.')
    at += 1
    return { field, operator: first, values: [readValue()], isList: false }
  }

  function readList(): FilterValue[] {
    const start = at
    at += 1
    const values: FilterValue[] = []
    if (text[at] === ']') {
      at += 1
      return values
    }
    for (;;) {
      values.push(readValue())
      if (values.length > mostValues)
        throw new SyntaxFault(start, `Brackets hold at most ${mostValues} values.`)
      if (text[at] === ']') break
      expect(',', 'a comma or a closing bracket')
    }
    at += 1
    return values
  }

  function readValue(): FilterValue {
    return text[at] === '"' ? readQuoted() : readBare('a value')
  }

  function readBare(what: string): FilterValue {
    const position = at
    while (at < text.length && !special.includes(text[at]!)) at += 1
    const bare = text.slice(position, at)
    if (bare === '') throw new SyntaxFault(position, `Expected ${what}.`)
    if (bare.trim() !== bare)
      throw new SyntaxFault(
        position,
        'A blank at the beginning or the end belongs in double quotes.',
      )
    return { text: bare, position }
  }

  /** The two escapes are `\"` and `\\`. */
  function readQuoted(): FilterValue {
    const position = at
    const parts: string[] = []
    at += 1
    for (;;) {
      const character = text[at]
      if (character === undefined) throw new SyntaxFault(position, 'The quote is never closed.')
      at += 1
      if (character === '"') return { text: parts.join(''), position }
      if (character !== '\\') parts.push(character)
      else {
        const escaped = text[at]
        if (escaped !== '"' && escaped !== '\\')
          throw new SyntaxFault(at - 1, 'A backslash stands before a quote or a backslash only.')
        parts.push(escaped)
        at += 1
      }
    }
  }

  function expect(character: string, what = character === ',' ? commaOrQuotes : 'a colon'): void {
    if (text[at] !== character) throw new SyntaxFault(at, `Expected ${what}.`)
    at += 1
  }
}
