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

it('probe', async () => {
  const ada = await db.author.create({
    data: {
      name: 'ada',
      books: { create: [{ name: 'a1', tags: { create: { name: 't1' } } }, { name: 'a2' }] },
    },
  })
  const ben = await db.author.create({
    data: {
      name: 'ben',
      mentorId: ada.id,
      books: { create: [{ name: 'b1', editorId: ada.id, reviews: { create: { name: 'r' } } }] },
    },
  })
  await db.author.delete({ where: { id: ada.id } })
  const log = (x: unknown) => console.log(JSON.stringify(x))
  log(await db.book.findMany({ include: { author: true, editor: true } }))
  log(await db.book.findMany({ select: { name: true, author: { select: { name: true } } } }))
  log(await db.review.findMany({ include: { book: { include: { author: true, editor: true } } } }))
  log(
    await db.author.findMany({
      include: { _count: true, mentor: true, books: true, profile: true },
    }),
  )
  log(await db.book.findUnique({ where: { id: 1 } }).author())
  log(
    await db.book
      .findUnique({ where: { id: 1 } })
      .author()
      .books(),
  )
  log(await db.book.findUnique({ where: { id: 3 } }).editor())
  log(
    await db.book
      .findUnique({ where: { id: 3 } })
      .author()
      .books(),
  )
  log(await db.book.findMany({ where: { editor: null } }))
  log(await db.book.findMany({ where: { author: {} } }))
  log(
    await db.author.update({
      where: { id: ben.id },
      data: { books: { deleteMany: {}, create: { name: 'new' } } },
      include: { books: true },
    }),
  )
  log(
    await db.author.findMany({
      where: { ...withDeleted, books: { some: onlyDeleted } },
      include: { books: { where: withDeleted } },
    }),
  )
  log(await db.author.deletePermanently({ where: { id: ada.id } }).catch((e) => String(e.code)))
  log(
    await db.$transaction(async (tx) => {
      await tx.author.updateMany({ where: withDeleted, data: { mentorId: null } })
      await tx.review.deleteMany()
      await tx.book.updateMany({ data: { editorId: null }, where: withDeleted })
      await tx.book.purgeDeleted({ before: new Date(Date.now() + 1000) })
      return tx.book.findMany({ where: withDeleted })
    }),
  )
})
