import { eventually, holdTransaction } from '../../testing/index.ts'
import { createLibrary, type Library } from './testing/library.ts'
import { onlyDeleted, withDeleted } from './soft-delete.where.ts'

let library: Library
let db: Library['db']

beforeAll(async () => {
  library = await createLibrary()
  db = library.db
})
afterAll(() => library.stop())
beforeEach(() => library.empty())

const notFound = { code: 'request.not_found', kind: 'not_found' }
const named = { select: { name: true } } as const

/** Ada is deleted and wrote a book that is not; Ben wrote one book that is deleted and one that is not. */
async function createAuthors() {
  const ada = await db.author.create({ data: { name: 'ada', books: { create: { name: 'kept' } } } })
  const ben = await db.author.create({
    data: {
      name: 'ben',
      mentorId: ada.id,
      books: { create: [{ name: 'old' }, { name: 'new', editorId: ada.id }] },
    },
  })
  await db.author.delete({ where: { id: ada.id } })
  await db.book.deleteMany({ where: { name: 'old' } })
  return { ada, ben }
}

describe('a deleted row, through a relation,', () => {
  it('is not among the many, nor counted', async () => {
    await createAuthors()
    expect(await db.author.findMany({ select: { books: named, _count: true } })).toMatchObject([
      { books: [{ name: 'new' }], _count: { books: 1 } },
    ])
  })

  it('is null where there can be one, also where there must be', async () => {
    const { ada } = await createAuthors()
    const where = { authorId: ada.id }
    const required = await db.book.findFirst({ where, select: { author: named } })
    expect(required).toEqual({ author: null })
    expect(await db.book.findFirst({ where, include: { author: true } })).toMatchObject({
      name: 'kept',
      author: null,
    })
    expect(await db.author.findFirst({ select: { name: true, mentor: named } })).toEqual({
      name: 'ben',
      mentor: null,
    })
  })

  it('adds nothing to what was asked of a row that is there', async () => {
    const { ben } = await createAuthors()
    const where = { authorId: ben.id }
    expect(await db.book.findFirst({ where, select: { author: named } })).toEqual({
      author: { name: 'ben' },
    })
    const { author } = await db.book.findFirstOrThrow({
      where,
      include: { author: { omit: { deletedAt: true } } },
    })
    expect(author).toEqual({ id: ben.id, name: 'ben', age: null, mentorId: ben.mentorId })
  })

  it('is null at the end of a chain', async () => {
    const { ada, ben } = await createAuthors()
    const [kept] = await db.book.findMany({ where: { authorId: ada.id } })
    expect(await db.book.findUnique({ where: { id: kept?.id ?? 0 } }).author()).toBeNull()
    expect(await db.author.findUnique({ where: { id: ben.id } }).mentor()).toBeNull()
    expect(await db.author.findUnique({ where: { id: ben.id } }).books()).toMatchObject([
      { name: 'new' },
    ])
  })

  it('is not in what a write answers', async () => {
    const { ben } = await createAuthors()
    expect(
      await db.author.update({
        where: { id: ben.id },
        data: { age: 1 },
        select: { books: named, mentor: true },
      }),
    ).toEqual({ books: [{ name: 'new' }], mentor: null })
    const [book] = await db.book.findMany({ where: { authorId: ben.id } })
    const deleting = db.book.delete({
      where: { id: book?.id ?? 0 },
      select: { name: true, author: named, editor: named },
    })
    expect(await deleting).toEqual({ name: 'new', author: { name: 'ben' }, editor: null })
  })

  it('is not in what a write of many answers', async () => {
    const { ada, ben } = await createAuthors()
    const include = { author: true, editor: true }
    const data = [
      { name: 'x', authorId: ada.id, editorId: ben.id },
      { name: 'x', authorId: ben.id, editorId: ada.id },
    ]
    const answer = [
      { author: null, editor: { name: 'ben' } },
      { author: { name: 'ben' }, editor: null },
    ]
    expect(await db.book.createManyAndReturn({ data, include })).toMatchObject(answer)
    const where = { name: 'x' }
    expect(await db.book.updateManyAndReturn({ where, data: { age: 1 }, include })).toMatchObject(
      answer,
    )
  })

  it('comes where its own conditions ask for it', async () => {
    await createAuthors()
    const books = { where: onlyDeleted, ...named }
    expect(
      await db.author.findMany({ select: { books, mentor: { where: withDeleted, ...named } } }),
    ).toEqual([{ books: [{ name: 'old' }], mentor: { name: 'ada' } }])
    expect(await db.author.count({ where: { books: { some: onlyDeleted } } })).toBe(1)
  })

  it('is as good as none for conditions on a relation', async () => {
    await createAuthors()
    const namesOf = async (where: object) =>
      (await db.book.findMany({ where, orderBy: { id: 'asc' } })).map(({ name }) => name)
    expect(await namesOf({ author: { name: 'ada' } })).toEqual([])
    expect(await namesOf({ author: { isNot: { name: 'ben' } } })).toEqual(['kept'])
    expect(await namesOf({ editor: null })).toEqual(['kept', 'new'])
    expect(await namesOf({ editor: { isNot: null } })).toEqual([])
    expect(await db.author.count({ where: { books: { every: { name: 'new' } } } })).toBe(1)
    expect(await db.author.count({ where: { books: { none: { name: 'old' } } } })).toBe(1)
  })

  it('takes part in no order', async () => {
    const byNumber = db.author.findMany({ orderBy: { books: { _count: 'desc' } } })
    await expect(byNumber).rejects.toThrow('by the number of "books"')
    const orderBy = { author: { name: 'asc' } } as const
    await expect(db.book.findMany({ orderBy })).rejects.toThrow('where: { author: { is: {} } }')
    await createAuthors()
    const asked = db.book.findMany({ where: { author: { is: {} } }, orderBy })
    expect(await asked).toMatchObject([{ name: 'new' }])
    await expect(db.author.findMany({ include: { books: { orderBy } } })).rejects.toThrow(
      '"author"',
    )
  })
})

describe('a nested write', () => {
  const dataOf = (books: object) => ({ data: { name: 'cyd', books } })

  it('connects no deleted row', async () => {
    await createAuthors()
    const old = await db.book.findFirstOrThrow({ where: { name: 'old', ...withDeleted } })
    await expect(db.author.create(dataOf({ connect: { id: old.id } }))).rejects.toMatchObject(
      notFound,
    )
    expect(await db.author.count({ where: { name: 'cyd' } })).toBe(0)
    const made = { connectOrCreate: { where: { id: old.id }, create: { name: 'made' } } }
    await db.author.create(dataOf(made))
    expect(await db.author.findFirst({ where: { name: 'cyd' }, select: { books: named } })).toEqual(
      {
        books: [{ name: 'made' }],
      },
    )
  })

  it('finds no deleted row to belong to', async () => {
    const { ada } = await createAuthors()
    const author = { connect: { id: ada.id } }
    await expect(db.book.create({ data: { name: 'x', author } })).rejects.toMatchObject(notFound)
    const editor = { connectOrCreate: { where: { id: ada.id }, create: { name: 'eve' } } }
    const { id } = await db.book.findFirstOrThrow({ where: { name: 'new' } })
    expect(
      await db.book.update({ where: { id }, data: { editor }, select: { editor: named } }),
    ).toEqual({ editor: { name: 'eve' } })
  })

  it('changes no deleted row further down', async () => {
    const { ada } = await createAuthors()
    const { id: bookId } = await db.book.findFirstOrThrow({ where: { authorId: ada.id } })
    const review = await db.review.create({ data: { name: 'r', bookId, authorId: ada.id } })
    const { id } = await db.reply.create({ data: { name: 'reply', reviewId: review.id } })
    const author = { update: { age: 9 } }
    const write = (review: object) => db.reply.update({ where: { id }, data: { review } })
    await expect(write({ update: { author } })).rejects.toMatchObject(notFound)
    await expect(write({ update: { data: { author } } })).rejects.toMatchObject(notFound)
    await expect(write({ update: { book: { update: { author } } } })).rejects.toMatchObject(
      notFound,
    )
  })

  it('says so when a deleted row has the only place there is', async () => {
    const { id } = await db.author.create({
      data: { name: 'ada', profile: { create: { name: 'p' } } },
    })
    await db.profile.delete({ where: { authorId: id } })
    const write = (profile: object) => db.author.update({ where: { id }, data: { profile } })
    const create = { name: 'q' }
    await expect(write({ create })).rejects.toMatchObject({ kind: 'conflict' })
    await expect(write({ upsert: { create, update: create } })).rejects.toMatchObject({
      kind: 'conflict',
    })
    expect(await db.profile.findMany({ where: withDeleted })).toMatchObject([{ name: 'p' }])
  })

  it('connects a deleted row that it asks for', async () => {
    await createAuthors()
    const old = await db.book.findFirstOrThrow({ where: { name: 'old', ...withDeleted } })
    const { id } = await db.author.create(dataOf({ connect: { id: old.id, ...onlyDeleted } }))
    expect(await db.book.findFirst({ where: onlyDeleted })).toMatchObject({ authorId: id })
  })

  it('changes no deleted row', async () => {
    const { ben } = await createAuthors()
    const where = { id: ben.id }
    const old = await db.book.findFirstOrThrow({ where: { name: 'old', ...withDeleted } })
    const data = { age: 9 }
    const write = (books: object) => db.author.update({ where, data: { books } })
    await expect(write({ update: { where: { id: old.id }, data } })).rejects.toMatchObject(notFound)
    await expect(
      db.author.update({ where, data: { mentor: { update: data } } }),
    ).rejects.toMatchObject(notFound)
    await write({ updateMany: { where: {}, data } })
    await write({ upsert: { where: { id: old.id }, update: data, create: { name: 'made' } } })
    expect(await db.book.findFirst({ where: { id: old.id, ...withDeleted } })).toEqual(old)
    expect(await db.book.count({ where: { name: 'made' } })).toBe(1)
    expect(await db.author.count({ where: { ...onlyDeleted, age: 9 } })).toBe(0)
  })

  it('lets go of a row, deleted or not', async () => {
    const { ben } = await createAuthors()
    const cyd = await db.author.create({ data: { name: 'cyd', mentorId: ben.id } })
    const disconnect = { data: { mentor: { disconnect: true } } }
    await db.author.update({ where: { id: cyd.id }, ...disconnect })
    await db.author.update({ where: { id: ben.id }, ...disconnect })
    expect(await db.author.findMany({ orderBy: { id: 'asc' } })).toMatchObject([
      { name: 'ben', mentorId: null },
      { name: 'cyd', mentorId: null },
    ])
  })

  it('marks what it deletes', async () => {
    const { ben } = await createAuthors()
    const where = { id: ben.id }
    const create = [{ name: 'x' }, { name: 'y' }, { name: 'z' }]
    const { books } = await db.author.update({
      where,
      data: { books: { deleteMany: {}, create } },
      include: { books: { orderBy: { id: 'asc' } } },
    })
    expect(books.map(({ name }) => name)).toEqual(['x', 'y', 'z'])
    const [x, y] = books.map(({ id }) => ({ id }))
    const data = {
      books: {
        delete: [x ?? {}, y ?? {}],
        update: { where: { id: books[2]?.id ?? 0 }, data: { age: 7 } },
      },
    }
    await db.author.update({ where, data: data as object })
    expect(await db.book.findMany({ where: { authorId: ben.id } })).toMatchObject([
      { name: 'z', age: 7 },
    ])
    expect(await db.book.count({ where: { authorId: ben.id, ...onlyDeleted } })).toBe(4)
    await expect(
      db.author.update({ where, data: { books: { delete: { id: x?.id ?? 0 } } } }),
    ).rejects.toMatchObject(notFound)
  })

  it('marks the one that it deletes, which comes back with its relation', async () => {
    const { id } = await db.author.create({
      data: { name: 'ada', profile: { create: { name: 'p' } } },
    })
    const remove = () =>
      db.author.update({
        where: { id },
        data: { profile: { delete: true } },
        include: { profile: true },
      })
    expect(await remove()).toMatchObject({ profile: null })
    await expect(remove()).rejects.toMatchObject(notFound)
    await db.profile.restore({ where: { authorId: id } })
    expect(await db.author.findFirst({ include: { profile: true } })).toMatchObject({
      profile: { name: 'p' },
    })
  })

  it('replaces a set by rows that are not deleted', async () => {
    const book = await db.book.create({
      data: {
        name: 'b',
        author: { create: { name: 'ada' } },
        tags: { create: [{ name: 't1' }, { name: 't2' }] },
      },
      include: { tags: { orderBy: { id: 'asc' } } },
    })
    const [t1, t2] = book.tags.map(({ id }) => ({ id }))
    if (!t1 || !t2) throw new Error('no tags')
    const set = (tags: { id: number }[]) =>
      db.book.update({
        where: { id: book.id },
        data: { tags: { set: tags } },
        select: { tags: named },
      })
    expect(await set([t2])).toEqual({ tags: [{ name: 't2' }] })
    await db.tag.delete({ where: t1 })
    await expect(set([t1, t2])).rejects.toMatchObject(notFound)
  })
})

describe('an upsert', () => {
  it('creates in place of a deleted row, or says that its unique value is taken', async () => {
    const { id } = await db.tag.create({ data: { name: 't' } })
    await db.tag.delete({ where: { id } })
    const upsert = (create: { id?: number; name: string }) =>
      db.tag.upsert({ where: { id }, create, update: { name: 'revived' } })
    await expect(upsert({ id, name: 't' })).rejects.toMatchObject({ kind: 'conflict' })
    expect((await upsert({ name: 't' })).id).not.toBe(id)
    expect(await db.tag.findMany({ where: { ...withDeleted } })).toHaveLength(2)
  })
})

describe('taking rows out of the table', () => {
  const rows = async (table: string) => (await library.pool.query(`SELECT FROM ${table}`)).rowCount

  it('takes one, marked or not, and answers it', async () => {
    const [a, b] = [
      await db.tag.create({ data: { name: 'a' } }),
      await db.tag.create({ data: { name: 'b' } }),
    ]
    await db.tag.delete({ where: { id: a.id } })
    expect(await db.tag.deletePermanently({ where: { id: a.id } })).toMatchObject({ name: 'a' })
    await db.$transaction((client) => client.tag.deletePermanently({ where: { id: b.id } }))
    expect(await rows('tag')).toBe(0)
    await expect(db.tag.deletePermanently({ where: { id: a.id } })).rejects.toMatchObject(notFound)
  })

  it('belongs to the transaction that it is called in', async () => {
    const { id } = await db.tag.create({ data: { name: 'a' } })
    const work = db.$transaction(async (client) => {
      await client.tag.deletePermanently({ where: { id } })
      throw new Error('undo')
    })
    await expect(work).rejects.toThrow('undo')
    expect(await db.tag.count()).toBe(1)
    const list = [
      db.tag.deletePermanently({ where: { id } }),
      db.tag.deletePermanently({ where: { id: id + 1 } }),
    ]
    await expect(db.$transaction(list)).rejects.toMatchObject(notFound)
    expect(await db.tag.count()).toBe(1)
  })

  it('refuses a row that others refer to', async () => {
    const { ada } = await createAuthors()
    await expect(db.author.deletePermanently({ where: { id: ada.id } })).rejects.toMatchObject({
      kind: 'conflict',
      code: 'request.reference_broken',
    })
  })

  it('takes all that were deleted long ago, in batches', async () => {
    await db.tag.createMany({ data: Array.from({ length: 1_203 }, (_, n) => ({ name: `t${n}` })) })
    const before = new Date('2026-01-01')
    const marked = (from: number, to: number, at: Date) =>
      db.tag.updateMany({ where: { id: { gte: from, lte: to } }, data: { deletedAt: at } })
    await marked(1, 1_101, new Date(before.getTime() - 1))
    await marked(1_102, 1_200, before)
    expect(await db.tag.purgeDeleted({ before, where: { id: { gt: 1 } } })).toBe(1_100)
    expect(await db.tag.purgeDeleted({ before })).toBe(1)
    expect([await rows('tag'), await db.tag.count()]).toEqual([102, 3])
  })

  it('marks any number in batches, and ends between two of them when it is told to', async () => {
    await db.tag.createMany({ data: Array.from({ length: 1_203 }, (_, n) => ({ name: `t${n}` })) })
    const where = { id: { gt: 2 } }
    expect(await db.tag.deleteInBatches({ where, by: 'id', signal: AbortSignal.abort() })).toBe(0)
    expect(await db.tag.deleteInBatches({ where, by: 'id' })).toBe(1_201)
    expect([await rows('tag'), await db.tag.count()]).toEqual([1_203, 2])
  })

  it('leaves a row that is being restored', async () => {
    await db.tag.create({ data: { name: 'back' } })
    await db.tag.deleteMany()
    const restoring = await holdTransaction(library.pool, 'UPDATE tag SET deleted_at = NULL')
    const purging = db.tag.purgeDeleted({ before: new Date(Date.now() + 60_000) })
    await eventually(restoring.isAwaited)
    await restoring.commit()
    expect(await purging).toBe(0)
    expect(await db.tag.count()).toBe(1)
  })

  it('ends between two batches when it is told to', async () => {
    await db.tag.createMany({ data: Array.from({ length: 501 }, (_, n) => ({ name: `t${n}` })) })
    await db.tag.deleteMany()
    const before = new Date(Date.now() + 60_000)
    expect(await db.tag.purgeDeleted({ before, signal: AbortSignal.abort() })).toBe(0)
    expect(await rows('tag')).toBe(501)
  })
})

it('leaves what it was given as it is', async () => {
  const args = {
    where: { books: { every: { name: 'a' } }, NOT: { mentor: { is: null } } },
    include: { books: true, mentor: true, _count: true },
  }
  const before = structuredClone(args)
  await db.author.findMany(args)
  expect(args).toEqual(before)
})

it('has types that say what may be absent, and which models have the methods', () => {
  const typesOnly = async () => [
    // @ts-expect-error -- null when the author is deleted
    (await db.book.findFirstOrThrow({ include: { author: true } })).author.name,
    // @ts-expect-error -- the same at the end of a chain
    (await db.book.findUniqueOrThrow({ where: { id: 1 } }).author()).name,
    // @ts-expect-error -- reviews are deleted at once
    db.review.restore({ where: { id: 1 } }),
    // @ts-expect-error -- reviews are deleted at once
    db.review.purgeDeleted({ before: new Date() }),
  ]
  expect(typesOnly).toBeInstanceOf(Function)
})
