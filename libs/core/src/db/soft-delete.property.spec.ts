import fc from 'fast-check'
import { createLibrary, type Library } from './testing/library.ts'
import { comparable, prismaArgs, prismaWhere } from './testing/prisma-query.ts'
import { softDeletes, type ModelName } from './testing/query.ts'
import { randomQuery, randomWhere } from './testing/random-query.ts'
import { createReference } from './testing/reference.ts'

let library: Library

beforeAll(async () => {
  library = await createLibrary()
  await library.fill()
})
afterAll(() => library.stop())

const models: ModelName[] = ['author', 'profile', 'book', 'tag', 'review', 'reply']
const reference = createReference()

/** A model without the types that no random query can have. */
type Table = Record<
  | 'findMany'
  | 'findFirst'
  | 'findUnique'
  | 'count'
  | 'aggregate'
  | 'groupBy'
  | 'update'
  | 'updateMany'
  | 'updateManyAndReturn'
  | 'upsert'
  | 'delete'
  | 'deleteMany',
  (args: object) => Promise<unknown>
>

const tableOf = (client: object, model: ModelName) => (client as Record<ModelName, Table>)[model]

async function ask(sql: string): Promise<Record<string, unknown>[]> {
  return (await library.pool.query<Record<string, unknown>>(sql)).rows
}

const idOf = ({ id }: Record<string, unknown>) => id as number
const ids = async (sql: string) => (await ask(sql)).map(idOf)
const anyId = fc.integer({ min: 1, max: 12 })

// PROPERTY_RUNS=2000 npx jest soft-delete.property: a long search.
const numRuns = Number(process.env['PROPERTY_RUNS'] ?? 30)
const timeout = 20_000 + numRuns * 500

describe.each(models)('a random query on %s', (model) => {
  const table = () => tableOf(library.db, model)

  it(
    'finds what the reference finds, through relations too',
    () =>
      fc.assert(
        fc.asyncProperty(randomQuery(model, 3), async (query) => {
          const args = prismaArgs(model, query)
          const rows = (await ask(reference.rows(model, query))).map(({ row }) => row)
          expect(comparable(model, await table().findMany(args))).toEqual(rows)
          const first = await table().findFirst({ ...args, take: 1 })
          expect(comparable(model, first)).toEqual(rows[0] ?? null)
        }),
        { numRuns },
      ),
    timeout,
  )

  it(
    'counts, sums up and looks up what the reference does',
    () =>
      fc.assert(
        fc.asyncProperty(randomWhere(model, 2), anyId, async (conditions, id) => {
          const where = prismaWhere(model, conditions)
          const matching = (columns: string) => ask(reference.matching(model, conditions, columns))
          const [all] = await matching('count(*)::int AS n, sum(age)::int AS sum, max(id) AS last')
          expect(await table().count({ where })).toBe(all?.['n'])
          expect(
            await table().aggregate({
              where,
              _count: true,
              _sum: { age: true },
              _max: { id: true },
            }),
          ).toEqual({
            _count: all?.['n'],
            _sum: { age: all?.['sum'] },
            _max: { id: all?.['last'] },
          })
          const groups = await table().groupBy({
            where,
            by: 'name',
            _count: true,
            orderBy: { name: 'asc' },
          })
          const counted = reference.matching(model, conditions, 'name, count(*)::int AS _count')
          expect(groups).toEqual(await ask(`${counted} GROUP BY name ORDER BY name`))
          const found = (await matching('id')).map(idOf)
          const one = await table().findUnique({ where: { ...where, id }, select: { id: true } })
          expect(one).toEqual(found.includes(id) ? { id } : null)
        }),
        { numRuns },
      ),
    timeout,
  )

  it(
    'goes on after a cursor, which may have been deleted',
    () =>
      fc.assert(
        fc.asyncProperty(randomWhere(model, 1), anyId, fc.nat(2), async (conditions, id, skip) => {
          const where = prismaWhere(model, conditions)
          const page = { where, cursor: { id }, skip, orderBy: { id: 'asc' }, select: { id: true } }
          const matching = await ids(reference.matching(model, conditions, 'id') + ' ORDER BY id')
          const exists = (await ask(`SELECT FROM ${model} WHERE id = ${id}`)).length > 0
          const following = exists ? matching.filter((each) => each >= id).slice(skip) : []
          expect(await table().findMany(page)).toEqual(following.map((id) => ({ id })))
        }),
        { numRuns },
      ),
    timeout,
  )
})

describe.each(models)('a random write to %s', (model) => {
  // Whether a relation to a row without an age `isNot` of age 1: Prisma says no to `findMany` and yes to `updateMany`.
  beforeAll(async () => {
    await library.empty()
    await library.fill({ ageless: false })
  })

  it(
    'changes and deletes what the reference finds, and nothing else',
    () =>
      fc.assert(
        fc.asyncProperty(randomWhere(model, 2), anyId, async (conditions, id) => {
          const where = prismaWhere(model, conditions)
          const matching = await ids(reference.matching(model, conditions, 'id') + ' ORDER BY id')
          const one = matching.filter((each) => each === id)
          const data = { age: 99 }
          const changed = 'age = 99'
          expect(await written(changed, (table) => table.updateMany({ where, data }))).toEqual(
            matching,
          )
          expect(
            await written(changed, (table) => table.updateManyAndReturn({ where, data })),
          ).toEqual(matching)
          const unique = { ...where, id }
          expect(await written(changed, (table) => table.update({ where: unique, data }))).toEqual(
            one,
          )
          const gone = softDeletes(model) ? "deleted_at > now() - interval '1 hour'" : 'gone'
          expect(await written(gone, (table) => table.deleteMany({ where }))).toEqual(matching)
          expect(await written(gone, (table) => table.delete({ where: unique }))).toEqual(one)
        }),
        { numRuns },
      ),
    timeout,
  )

  /** The rows that a write left so, in a transaction that is taken back. */
  async function written(so: string, write: (table: Table) => Promise<unknown>): Promise<unknown> {
    let rows: unknown
    const undo = new Error('undo')
    const work = library.db.$transaction(async (client) => {
      await write(tableOf(client, model)).catch((error: { code?: string }) => {
        if (error.code !== 'request.not_found') throw error
      })
      const seen = so === 'gone' ? 'true' : so
      rows = (
        await client.$queryRawUnsafe<{ id: number }[]>(
          `SELECT id FROM ${model} WHERE ${seen} ORDER BY id`,
        )
      ).map(idOf)
      throw undo
    })
    await expect(work).rejects.toBe(undo)
    if (so !== 'gone') return rows
    return (await ids(`SELECT id FROM ${model} ORDER BY id`)).filter(
      (id) => !(rows as number[]).includes(id),
    )
  }
})
