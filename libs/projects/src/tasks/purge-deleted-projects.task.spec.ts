import { createUser, startAuth, type TestAuth } from '@ashlar/auth/testing'
import type { FeatureModule } from '@ashlar/core/module'
import { startWorker, type TestWorker } from '@ashlar/core/testing'
import { defineTask } from '@ashlar/core/queue'
import { z } from 'zod'
import { createProjectsModule } from '../index.ts'

const purge = defineTask('projects.purge-deleted-projects', z.object({}))
const day = 86_400_000

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

it('removes for good what was deleted over 30 days ago, and nothing else', async () => {
  const { project } = auth.core.database.client
  const { user } = await createUser(auth.store)
  const ago = (days: number) => new Date(auth.clock.now().getTime() - days * day)
  await project.createMany({
    data: [
      { ownerId: user.id, name: 'old', deletedAt: ago(31) },
      { ownerId: user.id, name: 'young', deletedAt: ago(29) },
      { ownerId: user.id, name: 'alive', createdAt: ago(400) },
    ],
  })
  const { id } = await auth.core.tasks.enqueue(purge, {})
  const result = await auth.core.tasks.waitForResult(purge, id)
  expect(result).toEqual({ purged: 1 })
  const left = await auth.core.database.pool.query('SELECT name FROM project ORDER BY id')
  expect(left.rows).toEqual([{ name: 'young' }, { name: 'alive' }])
})
