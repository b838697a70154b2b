import { readToken, type SqlToken } from './sql-tokens.ts'

/** One statement of a script. */
export interface Statement {
  /** As it is written, without the comments before it and the semicolon behind it. */
  text: string
  /** Line of the script on which it begins, from 1. */
  line: number
  /**
   * Its words in lower case, with one blank between tokens; comments are left out, quotes are
   * emptied.
   */
  bare: string
  /** Their places count from the start of `text`. */
  tokens: readonly SqlToken[]
}

/**
 * Splits a script where PostgreSQL's own client does: at each semicolon outside of quotes,
 * comments, parentheses and the bodies of SQL functions (`BEGIN ATOMIC … END`). A quote without an
 * end takes all the rest, which the server then refuses.
 */
export function splitStatements(script: string): Statement[] {
  const statements: Statement[] = []
  const lineOf = countLines(script)
  let open = openStatement()
  let position = 0
  while (position < script.length) {
    const token = readToken(script, position)
    if (token.bare === ';' && !isInside(open)) close(position)
    else if (token.bare !== '') add(token)
    position = token.end
  }
  close(position)
  return statements

  function add(token: SqlToken) {
    open.tokens.push(token)
    follow(open, token.bare)
  }

  function close(end: number) {
    const { tokens } = open
    const start = tokens[0]?.start
    if (start !== undefined)
      statements.push({
        text: script.slice(start, end).trimEnd(),
        line: lineOf(start),
        bare: tokens.map(({ bare }) => bare).join(' '),
        tokens: tokens.map((token) => ({
          ...token,
          start: token.start - start,
          end: token.end - start,
        })),
      })
    open = openStatement()
  }
}

/** Line numbers of positions that only grow: each part of the script is read once. */
function countLines(script: string): (position: number) => number {
  let line = 1
  let counted = 0
  return (position) => {
    for (; counted < position; counted += 1) if (script[counted] === '\n') line += 1
    return line
  }
}

interface OpenStatement {
  tokens: SqlToken[]
  parentheses: number
  /** `BEGIN ATOMIC`, and each `CASE` inside, which has an `END` too. */
  blocks: number
}

const openStatement = (): OpenStatement => ({ tokens: [], parentheses: 0, blocks: 0 })

const isInside = ({ parentheses, blocks }: OpenStatement) => parentheses > 0 || blocks > 0

function follow(open: OpenStatement, bare: string): void {
  if (bare === '(') open.parentheses += 1
  else if (bare === ')') open.parentheses = Math.max(0, open.parentheses - 1)
  else if (open.parentheses > 0) return
  else if (bare === 'atomic' && open.tokens.at(-2)?.bare === 'begin') open.blocks = 1
  else if (open.blocks > 0 && bare === 'case') open.blocks += 1
  else if (open.blocks > 0 && bare === 'end') open.blocks -= 1
}
