import { lineOf, readScript } from './migration-script.ts'

describe('a migration script', () => {
  it.each([
    ['CREATE TABLE a (id int);', true],
    ['-- CREATE INDEX CONCURRENTLY is not needed here\nSELECT 1;', true],
    [`INSERT INTO a VALUES ('BEGIN; CREATE INDEX CONCURRENTLY');`, true],
    [
      'CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$\nBEGIN\n  PERFORM 1;\nEND;\n$$;',
      true,
    ],
    ['SAVEPOINT a; SELECT 1; ROLLBACK TO a;', true],
    ['REFRESH MATERIALIZED VIEW CONCURRENTLY a;', true],
    ['CREATE INDEX CONCURRENTLY a_idx ON a (id);', false],
    ['SELECT 1; create unique\nindex /* why */ concurrently a_idx ON a (id);', false],
    ['ALTER TABLE a DETACH PARTITION a_1 CONCURRENTLY;', false],
    ['BEGIN;\nSELECT 1;\nCOMMIT;', false],
    ['start transaction read write; SELECT 1; end', false],
    ['VACUUM (ANALYZE) a;', false],
  ])('runs in one transaction unless a statement of it cannot: %j', (script, atomic) => {
    expect(readScript(script).atomic).toBe(atomic)
  })

  it('finds the line of a position counted in characters, not in UTF-16 units', () => {
    expect(lineOf("SELECT '😀';\nSELECT x;", 20)).toBe(2)
    expect(lineOf('SELECT x;', 8)).toBe(1)
  })
})
