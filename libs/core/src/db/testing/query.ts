/** A query on the library, in the form that both Prisma's and the SQL of the reference are written from. */
export type ModelName = 'author' | 'profile' | 'book' | 'tag' | 'review' | 'reply'

export interface RelationOf {
  to: ModelName
  many: boolean
  /** SQL that is true for the rows of `inner` that belong to `outer`. */
  join(outer: string, inner: string): string
}

/** A level of conditions: of the query itself, or of a relation. */
export interface Where {
  parts: Condition[]
  deleted: 'hidden' | 'with' | 'only'
}

export type Condition =
  | { kind: 'AND' | 'OR' | 'NOT'; parts: Condition[] }
  | { kind: 'name'; name: string }
  | { kind: 'age'; operator: 'equals' | 'not' | 'gt'; age: number }
  | { kind: 'ageless' }
  | { kind: 'many'; field: string; quantifier: 'some' | 'every' | 'none'; where: Where }
  | { kind: 'one'; field: string; operator: 'is' | 'isNot' | 'plain'; where: Where }
  | { kind: 'absence'; field: string; operator: 'is' | 'isNot' | 'plain' }

export type Order =
  | { kind: 'field'; field: 'name' | 'age'; direction: 'asc' | 'desc' }
  | { kind: 'one'; field: string; direction: 'asc' | 'desc' }
  | { kind: 'count'; field: string; direction: 'asc' | 'desc' }

export interface Selection {
  form: 'select' | 'include' | 'omit'
  relations: { field: string; query: Query | 'all' }[]
  /** Counted relations with their conditions; all of them if it is 'all'. */
  counts: 'none' | 'all' | { field: string; where: Where | 'all' }[]
}

export interface Query {
  where: Where
  order: Order[]
  take: number | undefined
  selection: Selection
}

const to = (model: ModelName, column: string, many: boolean, inner = true): RelationOf => ({
  to: model,
  many,
  join: (a, b) => (inner ? `${b}.${column} = ${a}.id` : `${a}.${column} = ${b}.id`),
})
const manyOf = (model: ModelName, column: string) => to(model, column, true)
const oneBy = (model: ModelName, column: string) => to(model, column, false, false)
const linked = (model: ModelName, own: 'A' | 'B', other: 'A' | 'B'): RelationOf => ({
  to: model,
  many: true,
  join: (a, b) =>
    `EXISTS (SELECT FROM "_BookToTag" l WHERE l."${own}" = ${a}.id AND l."${other}" = ${b}.id)`,
})

export const relationsOf: Record<ModelName, Record<string, RelationOf>> = {
  author: {
    mentor: oneBy('author', 'mentor_id'),
    pupils: manyOf('author', 'mentor_id'),
    profile: to('profile', 'author_id', false),
    books: manyOf('book', 'author_id'),
    edited: manyOf('book', 'editor_id'),
    reviews: manyOf('review', 'author_id'),
  },
  profile: { author: oneBy('author', 'author_id') },
  book: {
    author: oneBy('author', 'author_id'),
    editor: oneBy('author', 'editor_id'),
    tags: linked('tag', 'A', 'B'),
    reviews: manyOf('review', 'book_id'),
  },
  tag: { books: linked('book', 'B', 'A') },
  review: {
    book: oneBy('book', 'book_id'),
    author: oneBy('author', 'author_id'),
    replies: manyOf('reply', 'review_id'),
    quoted: manyOf('reply', 'quote_id'),
  },
  reply: { review: oneBy('review', 'review_id'), quote: oneBy('review', 'quote_id') },
}

export const softDeletes = (model: ModelName): boolean => model !== 'review' && model !== 'reply'

/** Which relations Prisma takes no conditions on, and no null for. */
export const isRequired = (model: ModelName, field: string): boolean =>
  ['profile.author', 'book.author', 'review.book', 'reply.review'].includes(`${model}.${field}`)

export function relationOf(model: ModelName, field: string): RelationOf {
  const relation = relationsOf[model][field]
  if (!relation) throw new Error(`${model} has no relation ${field}.`)
  return relation
}
