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
    String.raw`(?<name>"[^"]*(?:""[^"]*)*(?:"|$))`,
    String.raw`(?<dollar>\$(?:${wordStart}[\w\x80-\uffff]*)?\$)`,
    String.raw`(?<word>${wordStart}[\w$\x80-\uffff]*)`,
    String.raw`[\s\S]`,
  ].join('|'),
  'y',
)

/** A word, a name in quotes, a literal or a sign. */
export interface SqlToken {
  /** In lower case; a name keeps its quotes and letters, a literal only its quotes. */
  text: string
  /** Without the letters of a name too. Empty for blanks and comments, which separate tokens. */
  bare: string
  start: number
  end: number
}

/**
 * Reads the token, blank or comment that begins at `start`. A quote without an end takes all the
 * rest.
 */
export function readToken(script: string, start: number): SqlToken {
  tokens.lastIndex = start
  const { 0: source, groups = {} } = tokens.exec(script)!
  const end = start + source.length
  if (groups['space']) return token('', end)
  if (groups['comment']) return token('', endOfComment(script, end))
  if (groups['text']) return token(`''`, end)
  if (groups['name']) return { text: source, bare: '""', start, end }
  if (groups['dollar']) return token('$$', endOfDollarQuote(script, end, source))
  return token(source.toLowerCase(), end)

  function token(bare: string, end: number): SqlToken {
    return { text: bare, bare, start, end }
  }
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
