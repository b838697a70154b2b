/** What is wrong with a sort or a filter, and where: an offset from 0 in the decoded text, in UTF-16 units as JavaScript counts. */
export interface ListFault {
  position: number
  code: string
  detail: string
}

/** Where the text itself cannot be read: nothing behind this place means anything. */
export class SyntaxFault extends Error {
  readonly position: number

  constructor(position: number, detail: string) {
    super(detail)
    this.position = position
  }
}
