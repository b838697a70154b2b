/**
 * Repeated, they made an expression, a normalisation or a parser slow, or look as if they could.
 */
const pieces = [
  ' ',
  '\t',
  '\n',
  'a',
  'a ',
  'a.',
  'a@',
  'a-',
  '@a.',
  '9',
  '-',
  '/',
  '//',
  '~',
  '\\',
  '\\"',
  '"',
  "'",
  '(',
  '[',
  '{',
  '{"a":',
  ',',
  ':',
  ';',
  '=',
  '&',
  '%',
  '%25',
  '+',
  '*',
  '<a ',
  '\0',
  '\u0301',
  'e\u0301',
  '\u0301\u0323',
  '\ufdfa',
  '\u200d😀',
  '\ud800',
  '\udc00',
  'id:[',
  'id:1,',
  'id:[1,',
  'username:like:"\\"',
  'ak_',
  'Bearer ',
  'W/"a",',
  '4@8({[<369&#!1/|0$5+7%2?)}]>_^ab',
]

/** A long run of a piece, and where it stands. */
const shapes: ((run: string) => string)[] = [
  (run) => run,
  (run) => `a${run}`,
  (run) => `${run}a`,
  (run) => `a${run}a`,
  (run) => `a@${run}.example`,
  (run) => `"${run}`,
  (run) => `${run}\0`,
]

/**
 * Hostile texts of about this many characters as JSON writes them: every piece, each in one shape,
 * and in another one for each `turn`.
 */
export const hostileTexts = (length: number, turn: number): string[] =>
  pieces.map((piece, index) => {
    const shape = shapes[(index + turn) % shapes.length] as (typeof shapes)[number]
    const written = JSON.stringify(piece).length - 2
    return shape(piece.repeat(Math.ceil(length / written)))
  })

/** JSON bodies of up to 100 KiB that made their faults costly, or look as if they could. */
export function hostileBodies(name: string): string[] {
  const member = JSON.stringify(name)
  const nested = (levels: number, inner: string) => '['.repeat(levels) + inner + ']'.repeat(levels)
  const many = (count: number, item: (index: number) => string) =>
    Array.from({ length: count }, (_, index) => item(index)).join()
  const longNames = (piece: string) => `${`{"${piece.repeat(256 / piece.length)}":`.repeat(30)}`
  return [
    `{"${'a'.repeat(51_000)}":[${many(5_600, () => '"\\u0000"')}]}`,
    `{"${'/'.repeat(50_000)}":[${many(25_000, () => '0')}]}`,
    `{${member}:${nested(
      29,
      many(25_000, () => '0'),
    )}}`,
    `{${member}:${nested(
      30,
      many(10_000, () => '"\\u0000"'),
    )}}`,
    `{${member}:[${many(11_000, () => '"\\ud800"')}]}`,
    `{${member}:[${many(50_000, () => '0')}]}`,
    `{${member}:[${many(30_000, () => '{}')}]}`,
    `{${member}:[${many(25_000, () => '[0]')}]}`,
    `{${many(8_000, (index) => `"n${index}":0`)}}`,
    `{${many(1_300, (index) => `"\\u0001\\u0002${'\\u0003'.repeat(8)}${index}":0`)}}`,
    `{${many(400, (index) => `"${'~/'.repeat(120)}${index}":0`)}}`,
    `{${many(6_000, (index) => `"\\u0000${index}":{}`)}}`,
    `${longNames('/')}[${many(40_000, () => '0')}]${'}'.repeat(30)}`,
    `${longNames('~')}[${many(10_000, () => '"\\u0000"')}]${'}'.repeat(30)}`,
    `{${member}:"${'\\u0000'.repeat(16_000)}"}`,
    `{${member}:"${'\\\\\\"'.repeat(24_000)}"}`,
    `{${member}:${'9'.repeat(90_000)}}`,
    `{${member}:-1e${'9'.repeat(90_000)}}`,
  ]
}
