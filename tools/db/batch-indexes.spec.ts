import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createTestCore, type TestCore } from '@ashlar/core/testing'

const libs = join(__dirname, '..', '..', 'libs')
let test: TestCore

beforeAll(async () => {
  test = await createTestCore()
})
afterAll(() => test.stop())

it('every field that batches of a deletion go by is the first column of an index', async () => {
  const missing: string[] = []
  const sources = sourcesOf(libs).map((file) => readFileSync(file, 'utf8'))
  const calls = sources.flatMap((text) => text.split(/\.deleteInBatches\((?=\{)/).slice(1))
  const found = sources.flatMap((text) => [
    ...text.matchAll(/\.(\w+)\.deleteInBatches\(\{[^]*?\bby: '(\w+)'/g),
  ])
  // A call in another form would not be looked at.
  expect(found.length).toBe(calls.length)
  expect(found.length).toBeGreaterThan(0)
  for (const [, model = '', field = ''] of found)
    if (!(await hasIndex(columnCase(model), columnCase(field)))) missing.push(`${model}.${field}`)
  expect(missing).toEqual([])
})

it('every table with soft delete has an index for its purge', async () => {
  const { rows } = await test.core.database.pool.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.columns
     WHERE table_schema = 'public' AND column_name = 'deleted_at'`,
  )
  expect(rows.length).toBeGreaterThan(0)
  for (const { name } of rows)
    expect([name, await hasIndex(name, 'deleted_at')]).toEqual([name, true])
})

function sourcesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /^\w+\/src\/.*\.ts$/.test(file) && !file.endsWith('.spec.ts'))
    .map((file) => join(folder, file))
}

/** Tables and columns are called as models and fields, in the case of SQL. */
const columnCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** On all rows, or on those where the column is not null. */
async function hasIndex(table: string, column: string): Promise<boolean> {
  const { rowCount } = await test.core.database.pool.query(
    `SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
     WHERE i.indrelid = to_regclass('public.' || quote_ident($1)) AND a.attname = $2 AND i.indisvalid
       AND coalesce(pg_get_expr(i.indpred, i.indrelid), $3) = $3`,
    [table, column, `(${column} IS NOT NULL)`],
  )
  return (rowCount ?? 0) > 0
}
