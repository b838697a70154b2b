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
}

const wordStart = String.raw`[A-Za-z_\x80-\uffff]`
const escaped = String.raw`[^'\\]*(?:\\[\s\S][^'\\]*)*`
// A literal goes on behind a line break, and its backslashes stay escapes.
const continuation = String.raw`'(?:[ \t\f\v]*(?:--[^\r\n]*)?[\r\n](?:[ \t\r\n\f\v]|--[^\r\n]*[\r\n])*)?'`

// The lexical rules of PostgreSQL: https://www.postgresql.org/docs/current/sql-syntax-lexical.html
const tokens = new RegExp(
  [
    String.raw`(?<space>[ \t\r\n\f\v]+|--[^\r\n]*)`,
    String.raw`(?<comment>\/\*)`,
    String.raw`(?<text>[eE]'${escaped}(?:${continuation}${escaped})*(?:'|$)|'[^']*(?:'|$))`,
    String.raw`(?<name>"[^"]*(?:"|$))`,
    String.raw`(?<dollar>\$(?:${wordStart}[\w\x80-\uffff]*)?\$)`,
    String.raw`(?<word>${wordStart}[\w$\x80-\uffff]*)`,
    String.raw`[\s\S]`,
  ].join('|'),
  'y',
)

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
    else if (token.bare !== '') add(token.bare, position)
    position = token.end
  }
  close(position)
  return statements

  function add(bare: string, position: number) {
    open.start ??= position
    open.bare.push(bare)
    follow(open, bare)
  }

  function close(end: number) {
    const { start, bare } = open
    if (start !== undefined)
      statements.push({
        text: script.slice(start, end).trimEnd(),
        line: lineOf(start),
        bare: bare.join(' '),
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

interface Token {
  end: number
  /** Empty for what separates tokens. */
  bare: string
}

function readToken(script: string, position: number): Token {
  tokens.lastIndex = position
  const { 0: text, groups = {} } = tokens.exec(script)!
  const end = position + text.length
  if (groups['space']) return { end, bare: '' }
  if (groups['comment']) return { end: endOfComment(script, end), bare: '' }
  if (groups['text']) return { end, bare: `''` }
  if (groups['name']) return { end, bare: '""' }
  if (groups['dollar']) return { end: endOfDollarQuote(script, end, text), bare: '$$' }
  return { end, bare: text.toLowerCase() }
}

/** Comments nest. */
function endOfComment(script: string, start: number): number {
  const marks = /\/\*|\*\//g
  marks.lastIndex = start
  for (let depth = 1; depth > 0;) {
    const mark = marks.exec(script)
    if (!mark) return script.length
    depth += mark[0] === '/*' ? 1 : -1
  }
  return marks.lastIndex
}

function endOfDollarQuote(script: string, start: number, quote: string): number {
  const end = script.indexOf(quote, start)
  return end === -1 ? script.length : end + quote.length
}

interface OpenStatement {
  start: number | undefined
  bare: string[]
  parentheses: number
  /** `BEGIN ATOMIC`, and each `CASE` inside, which has an `END` too. */
  blocks: number
}

const openStatement = (): OpenStatement => ({
  start: undefined,
  bare: [],
  parentheses: 0,
  blocks: 0,
})

const isInside = ({ parentheses, blocks }: OpenStatement) => parentheses > 0 || blocks > 0

function follow(open: OpenStatement, bare: string): void {
  if (bare === '(') open.parentheses += 1
  else if (bare === ')') open.parentheses = Math.max(0, open.parentheses - 1)
  else if (open.parentheses > 0) return
  else if (bare === 'atomic' && open.bare.at(-2) === 'begin') open.blocks = 1
  else if (open.blocks > 0 && bare === 'case') open.blocks += 1
  else if (open.blocks > 0 && bare === 'end') open.blocks -= 1
}
