import fc from 'fast-check'
import {
  isRequired,
  relationOf,
  relationsOf,
  softDeletes,
  type Condition,
  type ModelName,
  type Order,
  type Query,
  type Selection,
  type Where,
} from './query.ts'

const deleted = fc.oneof(
  { weight: 6, arbitrary: fc.constant('hidden' as const) },
  { weight: 1, arbitrary: fc.constant('with' as const) },
  { weight: 1, arbitrary: fc.constant('only' as const) },
)
const direction = fc.constantFrom('asc' as const, 'desc' as const)
const names = fc.constantFrom('a', 'b', 't1', 't2')
const ages = fc.integer({ min: 1, max: 3 })

/** A query whose conditions, relations and counts are nested to `depth`. */
export function randomQuery(model: ModelName, depth: number): fc.Arbitrary<Query> {
  return fc
    .record({
      where: randomWhere(model, depth),
      order: fc.array(randomOrder(model), { maxLength: 2 }),
      take: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
      selection: randomSelection(model, depth),
    })
    .map(withDemands)
}

export const randomWhere = (model: ModelName, depth: number): fc.Arbitrary<Where> =>
  fc.record({
    parts: fc.array(randomCondition(model, depth), { maxLength: depth > 0 ? 2 : 1 }),
    deleted,
  })

/** An order by a relation that may be deleted needs a condition that it is not, first of all. */
function withDemands(query: Query): Query {
  const order = query.order.filter(
    ({ field }, index) => query.order.findIndex((each) => each.field === field) === index,
  )
  const demanded = order.find(({ kind }) => kind === 'one')
  const kept = order.filter((each) => each.kind !== 'one' || each === demanded)
  if (!demanded) return { ...query, order: kept }
  const demand: Condition = {
    kind: 'one',
    field: demanded.field,
    operator: 'is',
    where: { parts: [], deleted: 'hidden' },
  }
  const where = { ...query.where, parts: [demand, ...query.where.parts] }
  return { ...query, order: kept, where }
}

function randomCondition(model: ModelName, depth: number): fc.Arbitrary<Condition> {
  const plain: fc.Arbitrary<Condition>[] = [
    fc.record({ kind: fc.constant('name' as const), name: names }),
    fc.record({
      kind: fc.constant('age' as const),
      operator: fc.constantFrom('equals' as const, 'not' as const, 'gt' as const),
      age: ages,
    }),
    fc.constant({ kind: 'ageless' as const }),
  ]
  if (depth === 0) return fc.oneof(...plain)
  const nested: fc.Arbitrary<Condition>[] = [
    fc.record({
      kind: fc.constantFrom('AND' as const, 'OR' as const, 'NOT' as const),
      parts: fc.array(randomCondition(model, depth - 1), { minLength: 1, maxLength: 2 }),
    }),
  ]
  for (const [field, { to, many }] of Object.entries(relationsOf[model])) {
    const where = randomWhere(to, depth - 1)
    if (many)
      nested.push(
        fc.record({
          kind: fc.constant('many' as const),
          field: fc.constant(field),
          quantifier: fc.constantFrom('some' as const, 'every' as const, 'none' as const),
          where,
        }),
      )
    else {
      const operator = fc.constantFrom('is' as const, 'isNot' as const, 'plain' as const)
      nested.push(
        fc.record({
          kind: fc.constant('one' as const),
          field: fc.constant(field),
          operator,
          where,
        }),
      )
      if (!isRequired(model, field))
        nested.push(
          fc.record({ kind: fc.constant('absence' as const), field: fc.constant(field), operator }),
        )
    }
  }
  return fc.oneof(
    { weight: 1, arbitrary: fc.oneof(...plain) },
    { weight: 3, arbitrary: fc.oneof(...nested) },
  )
}

function randomOrder(model: ModelName): fc.Arbitrary<Order> {
  const fields = fc.record({
    kind: fc.constant('field' as const),
    field: fc.constantFrom('name' as const, 'age' as const),
    direction,
  })
  const relations = Object.entries(relationsOf[model])
    .filter(([, { to, many }]) => !many || !softDeletes(to))
    .map(([field, { many }]) =>
      fc.record({
        kind: many ? fc.constant('count' as const) : fc.constant('one' as const),
        field: fc.constant(field),
        direction,
      }),
    )
  return fc.oneof(fields, ...relations)
}

function randomSelection(model: ModelName, depth: number): fc.Arbitrary<Selection> {
  const form = fc.constantFrom('select' as const, 'include' as const, 'omit' as const)
  const all = Object.keys(relationsOf[model])
  const lists = all.filter((field) => relationOf(model, field).many)
  if (depth === 0)
    return fc.record({ form, relations: fc.constant([]), counts: fc.constant('none' as const) })
  const below = (field: string) => relationOf(model, field).to
  return fc.record({
    form,
    relations: fc.subarray(all, { maxLength: Math.min(2, all.length) }).chain((fields) =>
      fc.tuple(
        ...fields.map((field) =>
          fc.record({
            field: fc.constant(field),
            query: fc.oneof(fc.constant('all' as const), randomQuery(below(field), depth - 1)),
          }),
        ),
      ),
    ),
    counts:
      lists.length === 0
        ? fc.constant('none' as const)
        : fc.oneof(
            fc.constantFrom('none' as const, 'all' as const),
            fc
              .subarray(lists, { minLength: 1, maxLength: Math.min(2, lists.length) })
              .chain((fields) =>
                fc.tuple(
                  ...fields.map((field) =>
                    fc.record({
                      field: fc.constant(field),
                      where: fc.oneof(fc.constant('all' as const), randomWhere(below(field), 1)),
                    }),
                  ),
                ),
              ),
          ),
  })
}
