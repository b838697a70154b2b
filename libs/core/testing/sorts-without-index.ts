import type { Pool } from 'pg'
import type { PageRequest } from '../src/db/index.ts'
import type { ListDefinition } from '../src/list/index.ts'

export interface SortsWithoutIndexDeps {
  pool: Pool
  list: ListDefinition
  /** Finds a page as the repository does, scope included. */
  findPage: (list: PageRequest) => Promise<unknown>
}

interface Statement {
  text: string
  values: unknown[]
}

interface Plan {
  'Node Type': string
  Plans?: Plan[]
}

/**
 * The orders of a list that no index serves, so that a page of a large table would read all of it. Asks the planner about the statement that
 * is really sent; the table may be empty.
 *
 * @example
 * expect(await sortsWithoutIndex({ pool, list: stoneList, findPage: (list) => stones.findPage(list) })).toEqual([])
 */
export async function sortsWithoutIndex({
  pool,
  list,
  findPage,
}: SortsWithoutIndexDeps): Promise<string[]> {
  const missing: string[] = []
  for (const { field, sharesValues } of list.sorts)
    for (const direction of ['asc', 'desc']) {
      const sort = `${field}:${direction}`
      const statement = await statementOf(pool, () => findPage(requestOf(list, sort)))
      // Sorting the few rows that share a value by the primary key is cheap.
      const refused = sharesValues ? ['Sort', 'Incremental Sort'] : ['Sort']
      const nodes = await explain(pool, statement, refused.length > 1)
      if (nodes.some((node) => refused.includes(node))) missing.push(sort)
    }
  return missing
}

function requestOf(list: ListDefinition, sort: string): PageRequest {
  const result = list.read({ sort, total: 'false' })
  if ('faults' in result) throw new Error(`The list does not take the sort ${sort}.`)
  return result.list
}

/** The one statement that goes through the pool meanwhile. */
async function statementOf(pool: Pool, work: () => Promise<unknown>): Promise<Statement> {
  const sent: Statement[] = []
  const query = pool.query.bind(pool) as (...args: unknown[]) => unknown
  pool.query = ((...args: unknown[]) => {
    sent.push(args[0] as Statement)
    return query(...args)
  }) as Pool['query']
  try {
    await work()
  } finally {
    delete (pool as Partial<Pool>).query
  }
  const [statement] = sent
  if (!statement || sent.length > 1)
    throw new Error(`A page took ${sent.length} statements in place of one.`)
  return statement
}

/** The nodes of the plan when everything but an index is made expensive. */
async function explain(pool: Pool, { text, values }: Statement, strict: boolean) {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    await client.query('SET LOCAL enable_seqscan = off')
    await client.query('SET LOCAL enable_bitmapscan = off')
    await client.query('SET LOCAL enable_sort = off')
    if (strict) await client.query('SET LOCAL enable_incremental_sort = off')
    const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
      `EXPLAIN (FORMAT JSON) ${text}`,
      values,
    )
    return nodesOf(rows[0]!['QUERY PLAN'][0].Plan)
  } finally {
    await client.query('ROLLBACK')
    client.release()
  }
}

const nodesOf = (plan: Plan): string[] => [
  plan['Node Type'],
  ...(plan.Plans ?? []).flatMap(nodesOf),
]
