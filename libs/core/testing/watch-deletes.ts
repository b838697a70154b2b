import type { Pool } from 'pg'

/**
 * Counts from now on what each statement deletes from a table, so that a test can hold that none grows with the table.
 *
 * @example
 * const batches = await watchDeletes(pool, 'stone')
 * await store.stones.purge()
 * expect(Math.max(...(await batches()))).toBeLessThanOrEqual(500)
 */
export async function watchDeletes(pool: Pool, table: string): Promise<() => Promise<number[]>> {
  const watch = `watch_deletes_of_${table}`
  await pool.query(`
    CREATE TABLE ${watch} (id serial, deleted integer);
    CREATE FUNCTION ${watch}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      INSERT INTO ${watch} (deleted) SELECT count(*) FROM gone HAVING count(*) > 0;
      RETURN NULL; END $$;
    CREATE TRIGGER ${watch} AFTER DELETE ON ${table} REFERENCING OLD TABLE AS gone
      FOR EACH STATEMENT EXECUTE FUNCTION ${watch}()`)
  return async () => {
    const { rows } = await pool.query<{ deleted: number }>(
      `SELECT deleted FROM ${watch} ORDER BY id`,
    )
    return rows.map(({ deleted }) => deleted)
  }
}
