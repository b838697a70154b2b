import { Prisma } from './generated/client.ts'
import { createListShare } from './list-share.ts'
import { createSharedRuns } from './shared-runs.ts'

/** What it needs of a Prisma model. */
export interface Readable {
  $name?: string
  $parent?: object
  findMany(args: object): Promise<object[]>
  count(args: object): Promise<number>
}

export interface SharedReadsDeps {
  poolSize: number
  /** The client of which the one was made whose calls share. Prisma shows an extension no more. */
  parent: object
}

export type SharedReads = ReturnType<typeof createSharedReads>

/**
 * Reads that run once for all who request the same at the same time. A call that arrives during a
 * run shares the next one, so its rows are never older than the call. Each caller gets rows of its
 * own. All of them together use a part of the pool only.
 *
 * Only calls of one client share: a client that somebody extended, for the rows of one tenant say,
 * may find other rows by the same arguments, even other ones in each request. It shares nothing.
 */
export function createSharedReads({ poolSize, parent }: SharedReadsDeps) {
  const share = createListShare({ poolSize })
  const pages = createSharedRuns<object[]>()
  const counts = createSharedRuns<number>()
  return { findMany, count }

  async function findMany(model: Readable, args: object): Promise<object[]> {
    if (isTransaction(model)) return model.findMany(args)
    const read = () => share.run(nameOf(model), () => model.findMany(args))
    if (model.$parent !== parent) return read()
    const rows = await pages.run(keyOf(model, args), read)
    return rows.map(copyOf)
  }

  function count(model: Readable, args: object): Promise<number> {
    if (isTransaction(model)) return model.count(args)
    const read = () => share.run(nameOf(model), () => model.count(args))
    return model.$parent === parent ? counts.run(keyOf(model, args), read) : read()
  }
}

/** A transaction sees rows that others do not, and has one connection. */
const isTransaction = ({ $parent }: Readable): boolean =>
  $parent !== undefined && Symbol.for('prisma.client.transaction.id') in $parent

const nameOf = ({ $name = '' }: Readable): string => $name

const nulls: unknown[] = [Prisma.DbNull, Prisma.JsonNull, Prisma.AnyNull]

/** JSON has no form for a `bigint`, and one for all of Prisma's nulls. */
const keyOf = (model: Readable, args: object): string =>
  `${nameOf(model)} ${JSON.stringify(args, (_name, value: unknown) => {
    if (typeof value === 'bigint') return `${value}n`
    return nulls.includes(value) ? String(value) : value
  })}`

/** As deep as a row goes. A `Decimal` cannot be changed. */
function copyOf<T>(value: T): T
function copyOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return (value as unknown[]).map((each) => copyOf(each))
  if (value instanceof Date) return new Date(value)
  if (value instanceof Uint8Array) return value.slice()
  if (Prisma.Decimal.isDecimal(value)) return value
  const copy: Record<string, unknown> = { ...value }
  for (const name in copy) copy[name] = copyOf(copy[name])
  return copy
}
