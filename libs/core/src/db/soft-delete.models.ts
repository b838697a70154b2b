/** What `relations.ts` beside a generated client tells of its models. */
export type Relations = Readonly<
  Record<
    string,
    {
      softDeletes: boolean
      /** Fields that tell one row from all others. */
      key: readonly string[]
      relations: Readonly<Record<string, { model: string; kind: Relation['kind'] }>>
    }
  >
>

export interface Model {
  name: string
  /** Has a `deletedAt`. */
  softDeletes: boolean
  /** Whether a query on it can meet a model that does. */
  reachesDeleted: boolean
  relations: ReadonlyMap<string, Relation>
}

export interface Relation {
  target: Model
  /** Prisma takes conditions on what it includes for all but a required one. */
  kind: 'list' | 'optional' | 'required'
}

/** Computed once, so that a query that has nothing to do with soft delete costs one look-up. */
export function readModels(described: Relations): ReadonlyMap<string, Model> {
  const models = new Map<string, Model & { relations: Map<string, Relation> }>()
  for (const [name, { softDeletes }] of Object.entries(described))
    models.set(name, { name, softDeletes, reachesDeleted: softDeletes, relations: new Map() })
  for (const [name, { relations }] of Object.entries(described))
    for (const [field, { model, kind }] of Object.entries(relations)) {
      const target = models.get(model)
      if (target) models.get(name)?.relations.set(field, { target, kind })
    }
  for (const model of models.values()) model.reachesDeleted = reachesDeleted(model)
  return models
}

function reachesDeleted(model: Model, seen = new Set<Model>()): boolean {
  if (model.softDeletes) return true
  seen.add(model)
  return [...model.relations.values()].some(
    ({ target }) => !seen.has(target) && reachesDeleted(target, seen),
  )
}
