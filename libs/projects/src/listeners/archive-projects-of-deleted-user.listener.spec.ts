import { userDeleted } from '@ashlar/auth/contract'
import { createUser, startAuth, type TestAuth } from '@ashlar/auth/testing'
import type { FeatureModule } from '@ashlar/core/module'
import { eventually, startWorker, type TestWorker } from '@ashlar/core/testing'
import { createProjectsModule } from '../index.ts'

let auth: TestAuth
let worker: TestWorker

beforeAll(async () => {
  let projects: FeatureModule | undefined
  auth = await startAuth({}, (core, auth) => [(projects = createProjectsModule({ core, auth }))])
  worker = await startWorker(auth.core, [auth.module, projects!])
})
afterAll(async () => {
  await worker.stop()
  await auth.stop()
})

it('the projects of a deleted user are archived, also when there are many, and others are not', async () => {
  const { project, outboxEvent } = auth.core.database.client
  const { user } = await createUser(auth.store)
  const { user: other } = await createUser(auth.store)
  await project.createMany({
    data: Array.from({ length: 450 }, (_, index) => ({ ownerId: user.id, name: `p-${index}` })),
  })
  await project.create({ data: { ownerId: other.id, name: 'kept' } })
  await auth.store.events.publish(userDeleted, { userId: user.id })
  const active = () => project.count({ where: { ownerId: user.id, status: 'active' } })
  await eventually(async () => (await active()) === 0)
  expect(await outboxEvent.count({ where: { name: 'projects.project-archived' } })).toBe(450)
  expect(await project.count({ where: { ownerId: other.id, status: 'active' } })).toBe(1)
})
