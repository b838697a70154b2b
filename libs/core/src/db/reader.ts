import type { Pool, QueryResultRow } from 'pg'
import { isConnectionLost, toDatabaseError } from './database-errors.ts'

/** A hand-written `SELECT`. Its name is unique in the process: PostgreSQL keeps its plan under it, for each connection. */
export interface ReadStatement {
  name: string
  text: string
}

/** Reads by hand-written SQL, for the few that Prisma makes too dear. */
export type Read = <Row extends QueryResultRow>(
  statement: ReadStatement,
  values: unknown[],
) => Promise<Row[]>

/** `named` is off behind a pooler in transaction mode, where the next statement may meet another connection. */
export function createReader(pool: Pool, { named }: { named: boolean }): Read {
  return async <Row extends QueryResultRow>({ name, text }: ReadStatement, values: unknown[]) => {
    const statement = { ...(named && { name }), text, values }
    try {
      return (await askAgainIfLost(() => pool.query<Row>(statement))).rows
    } catch (error) {
      throw toDatabaseError(error)
    }
  }
}

/**
 * Asks once more when the connection broke before the answer, as after a restart of the server or of a pooler. For reads only: a write may
 * have happened.
 */
export async function askAgainIfLost<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    if (!isConnectionLost(error)) throw error
    return ask()
  }
}
