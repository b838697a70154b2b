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

/**
 * Reads that are asked once for all who ask the same at the same time. Whoever asks while one runs
 * shares the next, so what they get is never older than their question. Each gets rows of its own.
 * All of them together use a part of the pool only.
 */
export function createSharedReads(poolSize: number) {
  const share = createListShare({ poolSize })
  const pages = createSharedRuns<object[]>()
  const counts = createSharedRuns<number>()
  return { findMany, count }

  async function findMany(model: Readable, args: object): Promise<object[]> {
    if (isTransaction(model)) return model.findMany(args)
    const rows = await pages.run(keyOf(model, args), () =>
      share.run(nameOf(model), () => model.findMany(args)),
    )
    return rows.map(copyOf)
  }

  function count(model: Readable, args: object): Promise<number> {
    if (isTransaction(model)) return model.count(args)
    return counts.run(keyOf(model, args), () => share.run(nameOf(model), () => model.count(args)))
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
