import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PrismaPg } from '@prisma/adapter-pg'
import type { Pool } from 'pg'
import { cloneTestDatabase } from '../../../testing/database.ts'
import { mapErrors } from '../database-errors.extension.ts'
import { findPage } from '../find-page.extension.ts'
import { PrismaClient } from '../fixtures/generated/client.ts'
import { relations } from '../fixtures/generated/relations.ts'
import { hideDeleted } from '../soft-delete.extension.ts'
import { createSharedReads } from '../shared-reads.ts'
import { softDelete } from '../soft-delete.methods.ts'
import { UtcPool } from '../utc-client.ts'

export type Library = Awaited<ReturnType<typeof createLibrary>>

/** The client of a library, extended as that of the platform is. */
export function openLibrary(pool: Pool) {
  const plain = new PrismaClient({ adapter: new PrismaPg(pool) })
  const parent = plain
    .$extends(hideDeleted(relations))
    .$extends(mapErrors)
    .$extends(softDelete(relations))
  return parent.$extends(findPage(createSharedReads({ poolSize: 10, parent })))
}

/** Authors, books, tags, profiles, reviews and replies: models with every kind of relation, and shelves with every kind of column. */
export async function createLibrary() {
  const database = await cloneTestDatabase(
    process.env['DATABASE_URL'] ?? '',
    process.env['JEST_WORKER_ID'] ?? '1',
  )
  const pool = new UtcPool({ connectionString: database.url })
  await pool.query(readFileSync(join(__dirname, '..', 'fixtures', 'library.sql'), 'utf8'))
  const db = openLibrary(pool)
  return { db, pool, url: database.url, fill, empty, stop }

  async function empty() {
    await pool.query(
      'TRUNCATE author, profile, book, tag, "_BookToTag", review, reply, shelf RESTART IDENTITY CASCADE',
    )
  }

  /** The same rows each time: a third of them deleted, each with random relations to any. */
  async function fill({ ageless = true } = {}) {
    const random = (max: number) => `(1 + floor(random() * ${max}))::int`
    const names = `(ARRAY['a', 'b', 'c'])[${random(3)}]`
    const age = ageless ? `nullif(${random(4)}, 4)` : random(4)
    const deleted = `CASE WHEN random() < 0.35 THEN now() - interval '1 day' END`
    const maybe = (value: string) => `CASE WHEN random() < 0.8 THEN ${value} END`
    const rows = (table: string, columns: string, values: string, count: number) =>
      `INSERT INTO ${table} (${columns}) SELECT ${values} FROM generate_series(1, ${count}) n;`
    await pool.query(`
      SELECT setseed(0.42);
      ${rows('author', 'name, age, deleted_at, mentor_id', `${names}, ${age}, ${deleted}, ${maybe(random(8))}`, 8)}
      ${rows('profile', 'name, age, deleted_at, author_id', `${names}, ${age}, ${deleted}, n`, 6)}
      ${rows('book', 'name, age, deleted_at, author_id, editor_id', `${names}, ${age}, ${deleted}, ${random(8)}, ${maybe(random(8))}`, 12)}
      ${rows('tag', 'name, age, deleted_at', `'t' || n, ${age}, ${deleted}`, 5)}
      ${rows('review', 'name, age, book_id, author_id', `${names}, ${age}, ${random(12)}, ${maybe(random(8))}`, 12)}
      ${rows('reply', 'name, age, review_id, quote_id', `${names}, ${age}, ${random(12)}, ${maybe(random(12))}`, 10)}
      INSERT INTO "_BookToTag" SELECT b.id, t.id FROM book b, tag t WHERE random() < 0.4;`)
  }

  async function stop() {
    await db.$disconnect()
    await pool.end()
    await database.drop()
  }
}
