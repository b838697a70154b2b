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

/** The same queries, in SQL that says `deleted_at IS NULL` wherever a row is met. It shares nothing with what it is the reference of. */
export function createReference() {
  let aliases = 0
  return { rows, matching }

  /** One column, `row`: a JSON object. */
  function rows(model: ModelName, { where, order, take, selection }: Query): string {
    const a = alias()
    return `SELECT ${object(model, a, selection)} AS row FROM ${model} ${a}
      WHERE ${level(model, a, where)} ORDER BY ${ordering(model, a, order)}
      ${take === undefined ? '' : `LIMIT ${take}`}`
  }

  /** Of the rows that count, `columns`. */
  function matching(model: ModelName, where: Where, columns: string): string {
    const a = alias()
    return `SELECT ${columns} FROM ${model} ${a} WHERE ${level(model, a, where)}`
  }

  function level(model: ModelName, a: string, where: Where): string {
    return `(${scope(model, a, where)} AND ${all(model, a, where.parts)})`
  }

  function scope(model: ModelName, a: string, { deleted }: Where): string {
    if (!softDeletes(model)) return 'true'
    return { hidden: `${a}.deleted_at IS NULL`, with: 'true', only: `${a}.deleted_at IS NOT NULL` }[
      deleted
    ]
  }

  function all(model: ModelName, a: string, parts: Condition[]): string {
    return `(${['true', ...parts.map((part) => condition(model, a, part))].join(' AND ')})`
  }

  function condition(model: ModelName, a: string, part: Condition): string {
    switch (part.kind) {
      case 'AND':
        return all(model, a, part.parts)
      case 'OR':
        return `(${['false', ...part.parts.map((each) => condition(model, a, each))].join(' OR ')})`
      case 'NOT':
        return part.parts.map((each) => `NOT (${condition(model, a, each)})`).join(' AND ')
      case 'name':
        return `${a}.name = '${part.name}'`
      case 'age':
        return `${a}.age ${{ equals: '=', not: '<>', gt: '>' }[part.operator]} ${part.age}`
      case 'ageless':
        return `${a}.age IS NULL`
      case 'many':
        return ofMany(model, a, part)
      case 'one':
        return ofOne(model, a, part)
      case 'absence': {
        const there = exists(model, a, part.field, (b, to) => scope(to, b, hiding))
        return part.operator === 'isNot' ? there : `NOT ${there}`
      }
    }
  }

  function ofMany(model: ModelName, a: string, part: Condition & { kind: 'many' }): string {
    const { field, quantifier, where } = part
    if (quantifier !== 'every') {
      const some = exists(model, a, field, (b, to) => level(to, b, where))
      return quantifier === 'some' ? some : `NOT ${some}`
    }
    return `NOT ${exists(model, a, field, (b, to) =>
      where.deleted === 'hidden'
        ? `${scope(to, b, where)} AND NOT ${all(to, b, where.parts)}`
        : `NOT ${level(to, b, where)}`,
    )}`
  }

  /** Not whether one exists: a comparison with null is neither true nor false, and stays that under a NOT. */
  function ofOne(model: ModelName, a: string, part: Condition & { kind: 'one' }): string {
    const { field, operator, where } = part
    const { to, join } = relationOf(model, field)
    const b = alias()
    const fits = `(SELECT ${level(to, b, where)} FROM ${to} ${b} WHERE ${join(a, b)})`
    const is = `CASE WHEN ${exists(model, a, field, () => 'true')} THEN ${fits} ELSE false END`
    return operator === 'isNot' ? `NOT (${is})` : `(${is})`
  }

  function exists(
    model: ModelName,
    a: string,
    field: string,
    that: (b: string, to: ModelName) => string,
  ): string {
    const { to, join } = relationOf(model, field)
    const b = alias()
    return `EXISTS (SELECT FROM ${to} ${b} WHERE ${join(a, b)} AND ${that(b, to)})`
  }

  function ordering(model: ModelName, a: string, order: Order[]): string {
    return [...order.map(term), `${a}.id`].join(', ')

    function term({ kind, field, direction }: Order): string {
      if (kind === 'field') return `${a}.${field} ${direction}`
      const { to, join } = relationOf(model, field)
      const b = alias()
      const value = kind === 'one' ? `${b}.name` : 'count(*)'
      return `(SELECT ${value} FROM ${to} ${b} WHERE ${join(a, b)}) ${direction}`
    }
  }

  function object(model: ModelName, a: string, { relations, counts }: Selection): string {
    const members = ['id', 'name', 'age'].map((field) => `'${field}', ${a}.${field}`)
    for (const { field, query } of relations)
      members.push(`'${field}', ${related(model, a, field, query)}`)
    const counted =
      counts === 'all'
        ? Object.entries(relationsOf[model])
            .filter(([, { many }]) => many)
            .map(([field]) => ({ field, where: 'all' as const }))
        : counts === 'none'
          ? []
          : counts
    if (counted.length > 0)
      members.push(
        `'_count', json_build_object(${counted.map((one) => count(model, a, one)).join()})`,
      )
    return `json_build_object(${members.join()})`
  }

  function related(model: ModelName, a: string, field: string, query: Query | 'all'): string {
    const { to, many, join } = relationOf(model, field)
    const { where, order, take, selection } = query === 'all' ? everything : query
    const b = alias()
    const conditions = isRequired(model, field) ? hiding : where
    const source = `FROM ${to} ${b} WHERE ${join(a, b)} AND ${level(to, b, conditions)}`
    const row = object(to, b, selection)
    if (!many) return `(SELECT ${row} ${source})`
    const limit = take === undefined ? '' : `LIMIT ${take}`
    const sorted = `SELECT ${row} AS row, row_number() OVER (ORDER BY ${ordering(to, b, order)}) AS n
      ${source} ORDER BY n ${limit}`
    return `(SELECT coalesce(json_agg(s.row ORDER BY s.n), '[]') FROM (${sorted}) s)`
  }

  function count(
    model: ModelName,
    a: string,
    one: { field: string; where: Where | 'all' },
  ): string {
    const { to, join } = relationOf(model, one.field)
    const b = alias()
    const where = one.where === 'all' ? hiding : one.where
    return `'${one.field}', (SELECT count(*) FROM ${to} ${b} WHERE ${join(a, b)} AND ${level(to, b, where)})`
  }

  function alias(): string {
    aliases += 1
    return `t${aliases}`
  }
}

const hiding: Where = { parts: [], deleted: 'hidden' }

const everything: Query = {
  where: hiding,
  order: [],
  take: undefined,
  selection: { form: 'include', relations: [], counts: 'none' },
}
