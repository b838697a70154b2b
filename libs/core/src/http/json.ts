import { duplicateKey, malformedJson, nestedTooDeep } from './errors.ts'
import { checkMemberName } from './member-name.ts'

const deepestNesting = 32

const quote = 0x22
const backslash = 0x5c

/**
 * Parses a JSON text. Refuses what `JSON.parse` lets pass: an object that names a member twice
 * (RFC 8259 §4), names without end, and bottomless nesting.
 */
export function parseJson(text: string): unknown {
  const value = parse(text)
  checkNamesAndDepth(text)
  return value
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw malformedJson()
  }
}

/** One pass over a text that is known to be valid JSON. */
function checkNamesAndDepth(text: string): void {
  /** The names met in each open object; undefined for an open array. */
  const open: (Set<string> | undefined)[] = []
  let atName = false
  for (let index = 0; index < text.length; index++) {
    switch (text.charCodeAt(index)) {
      case quote: {
        const end = endOfString(text, index)
        if (atName) remember(open.at(-1), nameOf(text.slice(index, end)))
        atName = false
        index = end - 1
        break
      }
      case 0x7b: // {
        open.push(new Set())
        atName = true
        break
      case 0x5b: // [
        open.push(undefined)
        atName = false
        break
      case 0x2c: // ,
        atName = open.at(-1) !== undefined
        break
      case 0x7d: // }
      case 0x5d: // ]
        open.pop()
        atName = false
        break
    }
    if (open.length > deepestNesting) throw nestedTooDeep()
  }
}

function endOfString(text: string, start: number): number {
  for (let index = start + 1; ; index++) {
    const code = text.charCodeAt(index)
    if (code === quote) return index + 1
    if (code === backslash) index++
  }
}

function remember(names: Set<string> | undefined, name: string): void {
  checkMemberName(name)
  if (names?.has(name)) throw duplicateKey()
  names?.add(name)
}

/** Two spellings of one name (`"a"`, `"\u0061"`) are one name. */
const nameOf = (literal: string): string =>
  literal.includes('\\') ? (JSON.parse(literal) as string) : literal.slice(1, -1)
