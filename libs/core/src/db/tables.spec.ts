import { createTestCore } from '../../testing/index.ts'

it('every table keeps times to the millisecond, as JavaScript does: a cursor would repeat and skip rows', async () => {
  const test = await createTestCore()
  const { rows } = await test.core.database.pool.query(`
    SELECT table_name, column_name FROM information_schema.columns
    WHERE table_schema = current_schema AND table_name <> '_prisma_migrations'
      AND data_type LIKE 'timestamp%' AND datetime_precision > 3`)
  expect(rows).toEqual([])
  await test.stop()
})
