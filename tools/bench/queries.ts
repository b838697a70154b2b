import { randomUUID } from 'node:crypto'
import type { Pool } from 'pg'

const userColumns = `id, username, email, email_verified_at IS NOT NULL AS "emailVerified", status, role,
  created_at AS "createdAt", updated_at AS "updatedAt"`

/** What the limit and the peer ask of the database: the same statements, named, so that each is planned once. */
export function createQueries(pool: Pool) {
  return { findUser, findPage, requestReset }

  async function findUser(id: number): Promise<unknown> {
    const text = `SELECT ${userColumns} FROM "user" WHERE id = $1 AND deleted_at IS NULL`
    const { rows } = await pool.query<object>({ name: 'find-user', text, values: [id] })
    return rows[0]
  }

  async function findPage(page: number) {
    const where = `FROM "user" WHERE status = 'active' AND deleted_at IS NULL`
    const [found, count] = await Promise.all([
      pool.query<object>({
        name: 'find-page',
        text: `SELECT id, username, status, created_at AS "createdAt" ${where}
               ORDER BY created_at DESC, id LIMIT 20 OFFSET $1`,
        values: [(page - 1) * 20],
      }),
      pool.query<{ total: number }>({
        name: 'count',
        text: `SELECT count(*)::int AS total ${where}`,
      }),
    ])
    return { rows: found.rows, total: count.rows[0]?.total ?? 0 }
  }

  /** A look-up, then a row and an event in one transaction. */
  async function requestReset(email: string): Promise<void> {
    const found = await pool.query<{ id: number }>({
      name: 'find-by-email',
      text: `SELECT id FROM "user" WHERE lower(email) = $1 AND deleted_at IS NULL`,
      values: [email],
    })
    const userId = found.rows[0]?.id
    const connection = await pool.connect()
    try {
      await connection.query('BEGIN')
      await connection.query({
        name: 'publish',
        text: 'INSERT INTO outbox_event (id, name, payload) VALUES ($1, $2, $3)',
        values: [randomUUID(), 'auth.password-reset-requested', { userId }],
      })
      await connection.query({
        name: 'record',
        text: 'INSERT INTO audit_entry (id, action, user_id) VALUES ($1, $2, $3)',
        values: [randomUUID(), 'password_reset_requested', userId],
      })
      await connection.query('COMMIT')
    } catch (error) {
      await connection.query('ROLLBACK')
      throw error
    } finally {
      connection.release()
    }
  }
}
