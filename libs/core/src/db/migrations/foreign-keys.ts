import type { Client } from 'pg'
import { quoteName } from './connection.ts'
import type { SchemaFile } from './migration-files.ts'

interface ForeignKey {
  name: string
  child: string
  parent: string
}

/**
 * No relation of the Prisma schema crosses owners, so a foreign key between tables of two schema files was written by hand in a
 * migration. Prisma would take it for a leftover and drop it; out of its sight, it stays.
 */
export async function dropForeignKeysBetweenOwners(
  client: Client,
  schema: readonly SchemaFile[],
): Promise<void> {
  const ownerOf = tableOwners(schema)
  const { rows } = await client.query<ForeignKey>(
    `SELECT con.conname AS name, child.relname AS child, parent.relname AS parent
       FROM pg_constraint con
       JOIN pg_class child ON child.oid = con.conrelid
       JOIN pg_class parent ON parent.oid = con.confrelid
      WHERE con.contype = 'f' AND con.connamespace = 'public'::regnamespace`,
  )
  for (const { name, child, parent } of rows)
    if (ownerOf.get(child) !== ownerOf.get(parent))
      await client.query(`ALTER TABLE ${quoteName(child)} DROP CONSTRAINT ${quoteName(name)}`)
}

function tableOwners(schema: readonly SchemaFile[]): Map<string, string> {
  return new Map(
    schema.flatMap(({ path, content }) =>
      [...content.matchAll(/^model\s+(\w+)\s*\{([\s\S]*?)^\}/gm)].map(
        ([, model = '', body = '']) => [/@@map\("(.+?)"\)/.exec(body)?.[1] ?? model, path] as const,
      ),
    ),
  )
}
