import { findWarnings } from './migration-warnings.ts'

describe('the warnings of a migration', () => {
  it.each([
    ['CREATE INDEX ON a (x)', /^Blocks writes to a until the index on a is built/],
    ['create /* ; */ index "A;b" on public . "a" (x)', /^Blocks writes to a until the index A;b/],
    ['CREATE UNIQUE INDEX CONCURRENTLY i ON a (x)', /^Fails if rows repeat a value: i\./],
    ['REINDEX TABLE a', /^Blocks writes until/],
    ['VACUUM (FULL) a', /^Rewrites a table while nobody/],
    ['REFRESH MATERIALIZED VIEW v', /^Nobody can read the view/],
    ['DROP TABLE IF EXISTS a', /^Drops the table a with/],
    ['ALTER TABLE a DROP COLUMN x', /^Drops the column x with its values/],
    ['ALTER TABLE a DROP "x y"', /^Drops the column x y with/],
    ['ALTER TABLE a RENAME x TO y', /^Renames a part of a/],
    ['ALTER TABLE ONLY a ALTER x TYPE bigint', /^Rewrites every row: type of x/],
    ['ALTER TABLE a ALTER COLUMN x SET DATA TYPE bigint', /^Rewrites every row: type of x/],
    ['ALTER TABLE a SET UNLOGGED', /^Rewrites a while/],
    ['ALTER TABLE a ALTER x SET NOT NULL', /^Nobody can read a until every row is checked for x/],
    ['ALTER TABLE a ADD x int NOT NULL', /^Fails on a table with rows: the new column x/],
    ['ALTER TABLE a ADD x uuid DEFAULT gen_random_uuid()', /^Rewrites a while nobody/],
    ['ALTER TABLE a ADD x timestamptz DEFAULT clock_timestamp() NOT NULL', /^Rewrites a while/],
    ['ALTER TABLE a ADD x float DEFAULT 2 * (random())', /^Rewrites a while nobody/],
    ['ALTER TABLE a ADD x int DEFAULT own.f(1)', /^Rewrites a while nobody/],
    ['ALTER TABLE a ADD COLUMN x bigserial', /^Rewrites a while nobody/],
    ['ALTER TABLE a ADD x int GENERATED ALWAYS AS IDENTITY', /^Rewrites a while nobody/],
    ['ALTER TABLE a ADD x int UNIQUE', /^Nobody can read a until the constraint of x/],
    ['ALTER TABLE a ADD CHECK (x > 0)', /^Reads every row of a while writes wait, for the check/],
    [
      'ALTER TABLE a ADD y int, ADD CONSTRAINT "f k" FOREIGN KEY (x) REFERENCES b (id)',
      /^Reads every row of a while writes wait, for the foreign key f k/,
    ],
    [
      'ALTER TABLE a ADD CONSTRAINT u UNIQUE (x)',
      /^Nobody can read a until an index is built for u/,
    ],
    ['ALTER TABLE a ADD PRIMARY KEY (x)', /^Nobody can read a until an index is built/],
    [
      'ALTER TABLE a ADD CONSTRAINT c CHECK (x > 0) NOT VALID; ALTER TABLE a VALIDATE CONSTRAINT c',
      /^Checks c in the transaction that adds it/,
    ],
  ])('are of what a table with rows has to bear: %s', (script, warning) => {
    expect(findWarnings([script])).toEqual([[expect.stringMatching(warning)]])
    expect(findWarnings(['CREATE TABLE other (id int)', script])[1]).toHaveLength(1)
  })

  it.each([
    `-- CREATE INDEX ON a (x);\n/* ALTER TABLE a ADD CHECK (x > 0); */ INSERT INTO log VALUES ('DROP TABLE a;')`,
    'DO $$ BEGIN ALTER TABLE a ADD CHECK (x > 0); END $$',
    'CREATE INDEX CONCURRENTLY i ON a (x)',
    'REINDEX (CONCURRENTLY) TABLE a',
    'REFRESH MATERIALIZED VIEW CONCURRENTLY v',
    'VACUUM a',
    'ALTER TABLE a ADD x int',
    `ALTER TABLE a ADD x varchar(5) DEFAULT 'random()'::varchar(5) NOT NULL`,
    'ALTER TABLE a ADD x timestamptz(3) NOT NULL DEFAULT now(), ADD y timestamptz DEFAULT CURRENT_TIMESTAMP',
    'ALTER TABLE a ADD x int DEFAULT NULL REFERENCES b (id)',
    'ALTER TABLE a ADD CONSTRAINT c CHECK (x > 0) NOT VALID',
    'ALTER TABLE a ADD FOREIGN KEY (x) REFERENCES b (id) NOT VALID',
    'ALTER TABLE a VALIDATE CONSTRAINT c',
    'ALTER TABLE a ADD CONSTRAINT u UNIQUE USING INDEX u',
    'ALTER TABLE a DROP CONSTRAINT c, ALTER x DROP NOT NULL, ALTER x SET DEFAULT gen_random_uuid()',
    'ALTER TABLE a SET (autovacuum_enabled = false)',
  ])('are not of what nobody notices, nor of comments and texts: %s', (script) => {
    expect(findWarnings([script])).toEqual([[]])
  })

  it('are not of tables that a migration of the same list creates', () => {
    const create = 'CREATE TABLE IF NOT EXISTS "public"."a" (x int);'
    const alter = 'ALTER TABLE a ALTER x SET NOT NULL; CREATE INDEX ON public.a (x);'
    expect(findWarnings([create, alter])).toEqual([[], []])
  })

  it('are not of SET NOT NULL that a check has proven', () => {
    const check = 'ALTER TABLE a ADD CONSTRAINT c CHECK ("x" IS NOT NULL) NOT VALID'
    const required = 'ALTER TABLE a ALTER COLUMN x SET NOT NULL'
    expect(findWarnings([check, 'ALTER TABLE a VALIDATE CONSTRAINT c', required])).toEqual([
      [],
      [],
      [],
    ])
  })
})
