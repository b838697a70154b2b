import { isAtomic, lineAt, withCompletion } from './migration-script.ts'

describe('a migration script', () => {
  it.each([
    ['CREATE TABLE a (id int);', true],
    ['-- CREATE INDEX CONCURRENTLY is not needed here\nSELECT 1;', true],
    [
      'CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$\nBEGIN\n  PERFORM 1;\nEND;\n$$;',
      true,
    ],
    ['CREATE INDEX CONCURRENTLY a_idx ON a (id);', false],
    ['BEGIN;\nSELECT 1;\nCOMMIT;', false],
    ['VACUUM ANALYZE a;', false],
  ])('is all or nothing unless it leaves the transaction: %j', (script, atomic) => {
    expect(isAtomic(script)).toBe(atomic)
  })

  it('marks itself as done in its own transaction', () => {
    expect(withCompletion('SELECT 1 -- last')).toMatch(
      /^SELECT 1 -- last\n;\nUPDATE "_prisma_migrations" SET "finished_at"/,
    )
  })

  it('stays alone where PostgreSQL wants a statement outside of a transaction', () => {
    const script = 'CREATE INDEX CONCURRENTLY a_idx ON a (id);'
    expect(withCompletion(script)).toBe(script)
  })

  it('finds the line of a position counted in characters, not in UTF-16 units', () => {
    expect(lineAt("SELECT '😀';\nSELECT x;", 20)).toEqual({ number: 2, text: 'SELECT x;' })
    expect(lineAt('SELECT x;', 8)).toEqual({ number: 1, text: 'SELECT x;' })
  })
})
