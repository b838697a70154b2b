/** What is wrong with a sort or a filter, and where: an offset from 0 in the decoded text, in UTF-16 units as JavaScript counts. */
export interface ListFault {
  position: number
  code: string
  detail: string
}

/** How many characters a sort or a filter may have. */
export const longestText = 2_000

/** What no sort and no filter may be, whatever it says. */
export function findUnreadable(text: string): ListFault | undefined {
  if (text.length > longestText)
    return {
      position: longestText,
      code: 'too_big',
      detail: `Must have at most ${longestText} characters.`,
    }
  const position = text.search(/\0|\p{Surrogate}/u)
  if (position === -1) return undefined
  const detail = 'Must not contain U+0000 or half of a surrogate pair.'
  return { position, code: 'invalid_text', detail }
}

/** Where the text itself cannot be read: nothing behind this place means anything. */
export class SyntaxFault extends Error {
  readonly position: number

  constructor(position: number, detail: string) {
    super(detail)
    this.position = position
  }
}
