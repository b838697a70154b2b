import { hash } from 'node:crypto'

/** PostgreSQL keeps the plan of each named statement for each connection. */
const mostNames = 250

/**
 * Names the statements that Prisma writes, so that PostgreSQL parses and plans each once on a connection and not at every call. The same text has
 * the same name. Those that come when `limit` are named stay without: lists of values make a text for each length.
 */
export function createStatementNames(limit = mostNames): (statement: { sql: string }) => string {
  const names = new Map<string, string>()
  return ({ sql }) => {
    let name = names.get(sql)
    if (name === undefined && names.size < limit)
      names.set(sql, (name = `prisma_${hash('sha256', sql, 'base64url').slice(0, 24)}`))
    // Prisma hands it on to pg, for which a statement may have no name.
    return name as string
  }
}
