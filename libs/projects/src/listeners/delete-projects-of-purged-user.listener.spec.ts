import { userPurged } from '@ashlar/auth/contract'
import { createUser, startAuth, type TestAuth } from '@ashlar/auth/testing'
import type { FeatureModule } from '@ashlar/core/module'
import { eventually, startWorker, watchDeletes, type TestWorker } from '@ashlar/core/testing'
import { createProjectsModule } from '../index.ts'

let auth: TestAuth
let projects: FeatureModule
let worker: TestWorker

beforeAll(async () => {
  auth = await startAuth({}, (core, auth) => [(projects = createProjectsModule({ core, auth }))])
  worker = await startWorker(auth.core, [auth.module, projects])
})
afterAll(async () => {
  await worker.stop()
  await auth.stop()
})

const countOf = async (ownerId: number): Promise<number> => {
  const { rowCount } = await auth.core.database.pool.query(
    'SELECT FROM project WHERE owner_id = $1',
    [ownerId],
  )
  return rowCount ?? 0
}

const createProjects = (ownerId: number, count: number) =>
  auth.core.database.client.project.createMany({
    data: Array.from({ length: count }, (_, index) => ({
      ownerId,
      name: `p-${index}`,
      ...(index % 3 === 0 && { deletedAt: new Date() }),
      ...(index % 3 === 1 && { status: 'archived' as const }),
    })),
  })

it('the projects of a purged user go for good, in batches and whatever their state, and others stay', async () => {
  const { user } = await createUser(auth.store)
  const { user: other } = await createUser(auth.store)
  await createProjects(user.id, 450)
  await createProjects(other.id, 3)
  const batches = await watchDeletes(auth.core.database.pool, 'project')
  await auth.store.events.publish(userPurged, { userId: user.id })
  await eventually(async () => (await countOf(user.id)) === 0)
  expect(await batches()).toEqual([200, 200, 50])
  expect(await countOf(other.id)).toBe(3)
})

it('what a run left is found by the next, and a run that is told to stop says that it has not ended', async () => {
  const listener = projects.listeners?.find(
    ({ id }) => id === 'projects.delete-projects-of-purged-user',
  )
  const { user } = await createUser(auth.store)
  await createProjects(user.id, 3)
  const delivery = {
    id: 'a.b',
    eventId: 'a',
    occurredAt: new Date(),
    attempt: 1,
    log: auth.core.log,
  }
  const run = (signal: AbortSignal) =>
    listener?.handle({ userId: user.id }, { ...delivery, signal })
  await expect(run(AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' })
  expect(await countOf(user.id)).toBe(3)
  await run(new AbortController().signal)
  await run(new AbortController().signal)
  expect(await countOf(user.id)).toBe(0)
})

it('a purged user takes the projects along, from the task to the last row', async () => {
  const { user } = await createUser(auth.store)
  await createProjects(user.id, 3)
  const { client } = auth.core.database
  await client.user.update({ where: { id: user.id }, data: { deletedAt: new Date('2020-01-01') } })
  const task = auth.module.tasks?.find(({ task }) => task.name === 'auth.purge-deleted-users')
  const { signal } = new AbortController()
  const job = { id: 'test', attempt: 1, signal, log: auth.core.log, progress: async () => {} }
  expect(await task?.run({}, job)).toEqual({ purged: 1 })
  await eventually(async () => (await countOf(user.id)) === 0)
})
