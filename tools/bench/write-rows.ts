import { Client } from 'pg'

/** Writes many rows and tidies their table up, without the time limits that the api has. */
export async function writeRows(
  databaseUrl: string,
  { insert, values, table }: { insert: string; values: unknown[]; table: string },
): Promise<void> {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  await client.query(insert, values)
  await client.query(`VACUUM ANALYZE ${table}`)
  await client.end()
}
