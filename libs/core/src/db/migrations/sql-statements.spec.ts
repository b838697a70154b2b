import fc from 'fast-check'
import { measureCpu } from '../../../testing/measure-cpu.ts'
import { splitStatements } from './sql-statements.ts'

const textsOf = (script: string) => splitStatements(script).map(({ text }) => text)

describe('a script of SQL', () => {
  it.each([
    ['a text', `SELECT 'a;b'`],
    ['a text with a quote', `SELECT 'it''s; so'`],
    ['a backslash, which ends no text', String.raw`SELECT '\'`],
    ['a text with escapes', String.raw`SELECT E'\';', e'a'';b'`],
    ['a text with escapes that goes on in the next line', `SELECT E'a'  -- more;\n '\\';'`],
    ['a name', `SELECT ";""" AS "a;b"`],
    ['a dollar quote', `DO $$ BEGIN PERFORM 1; END; $$`],
    ['a dollar quote with a tag in another', `SELECT $a$ $$;$$ $b$;$b$ $a$`],
    ['a dollar inside of a name', `SELECT 1 AS a$b$, ';' AS c$b$`],
    ['a comment', `SELECT 1 -- not; here\n + 1`],
    ['a comment in a comment', `SELECT /* a; /* b; */ c; */ 1`],
    ['a rule of several commands', `CREATE RULE r AS ON INSERT TO a DO (DELETE FROM b; SELECT 1;)`],
    [
      'the body of a SQL function',
      `CREATE OR REPLACE FUNCTION f(x int) RETURNS int BEGIN ATOMIC
         SELECT 1; SELECT CASE WHEN x > 0 THEN (CASE x WHEN 1 THEN 2 END) ELSE 3 END; END`,
    ],
    ['an empty body', `CREATE PROCEDURE p() BEGIN /* nothing; */ ATOMIC END`],
  ])('is not split inside of %s', (_what, statement) => {
    expect(textsOf(`${statement};SELECT 2;`)).toEqual([statement, 'SELECT 2'])
  })

  it('is split at the END of a transaction and behind BEGIN', () => {
    expect(textsOf('BEGIN; SELECT 1; END; SELECT 2')).toEqual([
      'BEGIN',
      'SELECT 1',
      'END',
      'SELECT 2',
    ])
  })

  it('has no statement where there is only blank or comment', () => {
    expect(textsOf(' ;; -- a\n /* b */ ;\n')).toEqual([])
    expect(textsOf('')).toEqual([])
  })

  it.each([`SELECT 'a;`, 'SELECT $x$ a; $$', 'SELECT "a;', 'SELECT (1; SELECT 2;'])(
    'leaves to the server what has no end: %j',
    (rest) => expect(textsOf(`SELECT 1; ${rest}`)).toEqual(['SELECT 1', rest]),
  )

  it('has statements with the line on which they begin, and their words alone', () => {
    expect(
      splitStatements(`-- one;\nSELECT 'A'\n;\n\n/* two\n */ Create INDEX\n"A" ;`),
    ).toMatchObject([
      { text: `SELECT 'A'`, line: 2, bare: `select ''` },
      { text: 'Create INDEX\n"A"', line: 6, bare: 'create index ""' },
    ])
  })

  it('has tokens in place, with the letters of names', () => {
    const [statement] = splitStatements(`-- one\nDROP TABLE /* two */ "a""B" . c`)
    const { text, tokens } = statement!
    expect(tokens.map((token) => token.text)).toEqual(['drop', 'table', '"a""B"', '.', 'c'])
    expect(tokens.map(({ start, end }) => text.slice(start, end)).join(' ')).toBe(
      'DROP TABLE "a""B" . c',
    )
  })

  it('is split between the statements that it was put together of, whatever they are', () => {
    fc.assert(
      fc.property(fc.array(statements), fc.array(separators, { minLength: 20 }), (parts, gaps) => {
        const script = parts.map((part, index) => `${gaps[index % gaps.length]}${part};`).join('')
        expect(textsOf(script)).toEqual(parts)
      }),
    )
  })

  it('takes time linear in its length', async () => {
    const script =
      `INSERT INTO a VALUES ('${'x'.repeat(1_000)}', E'${'\\\\'.repeat(500)}');\n`.repeat(5_000)
    const long = `SELECT '${"''".repeat(500_000)}', $$${'$'.repeat(500_000)}`
    const { cpuMs } = await measureCpu(() => {
      expect(splitStatements(script)).toHaveLength(5_000)
      expect(splitStatements(long)).toHaveLength(1)
    })
    expect(cpuMs).toBeLessThan(10_000)
  })
})

const inside = fc.stringMatching(/^[a-z;'"$\\()/*\n-]{0,12}$/)
const pieces = fc.oneof(
  fc.constantFrom(
    'select',
    'a$1',
    '1.5',
    '::int',
    ',',
    '(a; b)',
    '/* /* ; */ ; */',
    '-- ;\n',
    '$1',
  ),
  inside.map((text) => `'${text.replaceAll("'", "''")}'`),
  // The comma, because a text on the next line would be a part of it, with its escapes.
  inside.map((text) => `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}',`),
  inside.map((text) => `"${text.replaceAll('"', '""')}"`),
  inside.map((text) => `$q$${text.replaceAll('$', '')}$q$`),
)
const statements = fc.array(pieces).map((parts) => ['do', ...parts, 'end'].join(' '))
const separators = fc.constantFrom('', ' ', '\n', '-- a;\n', '/* ; */')
