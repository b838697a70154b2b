import { randomUUID } from 'node:crypto'
import request from 'supertest'
import { createUser, signIn, startAuth, type TestAuth } from '@ashlar/auth/testing'
import { eventually, holdTransaction, sortsWithoutIndex } from '@ashlar/core/testing'
import { createProjectsModule } from '../index.ts'
import { projectList } from './project.list.ts'

let auth: TestAuth

beforeAll(async () => {
  auth = await startAuth({}, (core, auth) => [createProjectsModule({ core, auth })])
})
afterAll(() => auth.stop())

type Headers = Record<string, string>
type Method = 'get' | 'post' | 'patch' | 'delete'

async function signedIn(role: 'user' | 'admin' = 'user') {
  const { user, password } = await createUser(auth.store, { role })
  return { user, headers: await signIn(auth.url, { email: user.email, password }) }
}

const ask = (method: Method, path: string, headers: Headers = {}) =>
  request(auth.url)[method](`/api/v1/projects${path}`).set(headers)

async function start(headers: Headers, name = `Wall ${randomUUID()}`): Promise<number> {
  const answer = await ask('post', '', headers).send({ name }).expect(201)
  return (answer.body as { data: { id: number } }).data.id
}

const tagOf = async (id: number, headers: Headers) =>
  (await ask('get', `/${id}`, headers).expect(200)).headers['etag'] as string

const archivedEvents = (projectId: number) =>
  auth.core.database.client.outboxEvent.count({
    where: { name: 'projects.project-archived', payload: { equals: { projectId } } },
  })

describe('POST /projects', () => {
  it('starts a project of the caller', async () => {
    const { user, headers } = await signedIn()
    const answer = await ask('post', '', headers).send({ name: ' City wall ' }).expect(201)
    expect(answer.body.data).toEqual({
      id: expect.any(Number),
      name: 'City wall',
      description: '',
      status: 'active',
      owner: { id: user.id, username: user.username },
      version: 1,
      createdAt: expect.stringMatching(/Z$/),
      updatedAt: expect.stringMatching(/Z$/),
    })
    expect(answer.headers['location']).toBe(`/api/v1/projects/${answer.body.data.id}`)
  })

  it('answers a repeat with the same key as it answered first, and makes nothing', async () => {
    const { headers } = await signedIn()
    const repeat = () =>
      ask('post', '', { ...headers, 'idempotency-key': 'once' }).send({ name: 'Tower' })
    const first = await repeat().expect(201)
    const second = await repeat().expect(201)
    expect(second.headers['idempotency-replayed']).toBe('true')
    expect(second.body).toEqual(first.body)
    expect((await ask('get', '', headers)).body.meta.pagination.total).toBe(1)
  })

  it('refuses a name that the owner has, in any case, and takes it for another owner', async () => {
    const { headers } = await signedIn()
    await start(headers, 'Gate')
    const answer = await ask('post', '', headers).send({ name: 'GATE' }).expect(409)
    expect(answer.body.code).toBe('projects.name_taken')
    await start((await signedIn()).headers, 'Gate')
  })

  it.each([
    [{}, '/body/name'],
    [{ name: ' ' }, '/body/name'],
    [{ name: 'x'.repeat(101) }, '/body/name'],
    [{ name: 'x', ownerId: 1 }, '/body/ownerId'],
    [{ name: 'x', description: 'x'.repeat(2_001) }, '/body/description'],
  ])('refuses %j', async (body, pointer) => {
    const { headers } = await signedIn()
    const answer = await ask('post', '', headers).send(body).expect(422)
    expect(answer.body.errors).toMatchObject([{ pointer }])
  })
})

describe('GET /projects', () => {
  it('lists the own projects, and those of everybody to administrators', async () => {
    const { user, headers } = await signedIn()
    const admin = await signedIn('admin')
    const ids = [await start(headers, 'b'), await start(headers, 'a')]
    await start((await signedIn()).headers)
    const list = async (headers: Headers, query = '') =>
      (await ask('get', query, headers).expect(200)).body as {
        data: { id: number; owner: object }[]
      }
    const own = await list(headers, '?sort=name')
    expect(own.data.map(({ id }) => id)).toEqual(ids.toReversed())
    expect(own.data[0]?.owner).toEqual({ id: user.id, username: user.username })
    expect((await list(headers, '?filters=ownerId:1')).data.length).toBeLessThan(2)
    const seen = await list(admin.headers, `?filters=ownerId:${user.id}`)
    expect(seen.data.map(({ id }) => id)).toEqual(ids)
  })

  it('asks for the names of all owners at once', async () => {
    const calls: number[] = []
    const counted = await startAuth({}, (core, auth) => {
      const getUsers = (ids: readonly number[]) => {
        calls.push(ids.length)
        return auth.gateway.getUsers(ids)
      }
      return [createProjectsModule({ core, auth: { ...auth, gateway: { getUsers } } })]
    })
    const { store } = counted
    for (const name of ['a', 'b', 'c']) {
      const { user } = await createUser(store)
      await counted.core.database.client.project.create({ data: { ownerId: user.id, name } })
    }
    const { user, password } = await createUser(store, { role: 'admin' })
    const headers = await signIn(counted.url, { email: user.email, password })
    await request(counted.url).get('/api/v1/projects').set(headers).expect(200)
    expect(calls).toEqual([3])
    await counted.stop()
  })
})

describe('GET /projects/:id', () => {
  it('answers 304 to whom has this version', async () => {
    const { headers } = await signedIn()
    const id = await start(headers)
    const known = { ...headers, 'if-none-match': await tagOf(id, headers) }
    await ask('get', `/${id}`, known).expect(304)
    await ask('patch', `/${id}`, headers).send({ description: 'new' }).expect(200)
    await ask('get', `/${id}`, known).expect(200)
  })

  it('is another version once the owner has another name, for reads and changes at once', async () => {
    const { user, headers } = await signedIn()
    const id = await start(headers)
    const old = await tagOf(id, headers)
    await auth.store.users.update(user.id, { username: `${user.username}-2` })
    const answer = await ask('get', `/${id}`, { ...headers, 'if-none-match': old }).expect(200)
    expect(answer.body.data.owner.username).toBe(`${user.username}-2`)
    const change = (etag: string) =>
      ask('patch', `/${id}`, { ...headers, 'if-match': etag }).send({ description: 'new' })
    await change(old).expect(412)
    await change(answer.headers['etag'] as string).expect(200)
  })

  it('is made once and kept, until the project changes', async () => {
    const { headers } = await signedIn()
    const id = await start(headers)
    const { project } = auth.core.database.client
    const read = async () =>
      (await ask('get', `/${id}`, headers).expect(200)).body.data.description as string
    expect(await read()).toBe('')
    // Past the service, so that nothing tells the cache.
    await project.update({ where: { id }, data: { description: 'unseen' } })
    expect(await read()).toBe('')
    await ask('patch', `/${id}`, headers).send({ description: 'seen' }).expect(200)
    expect(await read()).toBe('seen')
    await ask('delete', `/${id}`, headers).expect(204)
    await ask('get', `/${id}`, headers).expect(404)
  })

  it('is not kept for another user, nor for an administrator who is one no longer', async () => {
    const { headers } = await signedIn()
    const admin = await signedIn('admin')
    const id = await start(headers)
    await ask('get', `/${id}`, headers).expect(200)
    await ask('get', `/${id}`, admin.headers).expect(200)
    await ask('get', `/${id}`, (await signedIn()).headers).expect(404)
    await auth.store.users.update(admin.user.id, { role: 'user' })
    await ask('get', `/${id}`, admin.headers).expect(404)
  })

  it('is 404 for the project of another user, whatever the copy', async () => {
    const id = await start((await signedIn()).headers)
    const { headers } = await signedIn()
    const answer = await ask('get', `/${id}`, { ...headers, 'if-none-match': '*' }).expect(404)
    expect(answer.body.code).toBe('projects.project_not_found')
    await ask('get', `/${id}`, (await signedIn('admin')).headers).expect(200)
  })

  it('shows a project without the name of an owner who is gone', async () => {
    const { user, headers } = await signedIn()
    const id = await start(headers)
    await auth.store.users.removeIf({ id: user.id })
    const answer = await ask('get', `/${id}`, (await signedIn('admin')).headers).expect(200)
    expect(answer.body.data.owner).toEqual({ id: user.id, username: null })
  })
})

describe('PATCH /projects/:id', () => {
  it('changes what is sent, and counts the version', async () => {
    const { headers } = await signedIn()
    const id = await start(headers, 'Old')
    const answer = await ask('patch', `/${id}`, headers).send({ name: 'New' }).expect(200)
    expect(answer.body.data).toMatchObject({ name: 'New', status: 'active', version: 2 })
    expect(answer.headers['etag']).toBe(await tagOf(id, headers))
  })

  it('refuses to overwrite a version that the caller has not seen', async () => {
    const { headers } = await signedIn()
    const id = await start(headers)
    const patch = (etag: string) =>
      ask('patch', `/${id}`, { ...headers, 'if-match': etag }).send({ description: etag })
    const seen = await tagOf(id, headers)
    await patch(seen).expect(200)
    const answer = await patch(seen).expect(412)
    expect(answer.body.code).toBe('request.precondition_failed')
    await patch(await tagOf(id, headers)).expect(200)
    await patch('*').expect(200)
  })

  it('lets one of many that saw the same version change it', async () => {
    const { headers } = await signedIn()
    const id = await start(headers)
    const seen = await tagOf(id, headers)
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        ask('patch', `/${id}`, { ...headers, 'if-match': seen }).send({
          name: `n-${index}-${id}`,
        }),
      ),
    )
    const statuses = answers.map(({ status }) => status)
    expect(statuses.toSorted()).toEqual([200, ...Array<number>(9).fill(412)])
  })

  it('refuses a name that the owner has, and what somebody else changed meanwhile', async () => {
    const { headers } = await signedIn()
    const [first, second] = [await start(headers, 'North'), await start(headers, 'South')]
    const taken = await ask('patch', `/${second}`, headers).send({ name: 'NORTH' }).expect(409)
    expect(taken.body.code).toBe('projects.name_taken')
    const held = await holdTransaction(
      auth.core.database.pool,
      `UPDATE project SET version = version + 1 WHERE id = ${first}`,
    )
    const late = ask('patch', `/${first}`, headers).send({ name: 'West' }).then()
    await eventually(held.isAwaited)
    await held.commit()
    const { status, body } = await late
    expect([status, body.code]).toEqual([409, 'projects.project_changed'])
  })

  it('publishes that it was archived, once', async () => {
    const { headers } = await signedIn()
    const id = await start(headers)
    await ask('patch', `/${id}`, headers).send({ status: 'archived' }).expect(200)
    await ask('patch', `/${id}`, headers).send({ status: 'archived' }).expect(200)
    expect(await archivedEvents(id)).toBe(1)
  })

  it('is 403 for an administrator, who sees it but does not own it', async () => {
    const id = await start((await signedIn()).headers)
    const { headers } = await signedIn('admin')
    await ask('patch', `/${id}`, headers).send({ name: 'Mine' }).expect(403)
  })
})

describe('DELETE /projects/:id and POST /projects/:id/restore', () => {
  it('take a project away and bring it back', async () => {
    const { headers } = await signedIn()
    const id = await start(headers)
    await ask('delete', `/${id}`, headers).expect(204)
    await ask('get', `/${id}`, headers).expect(404)
    await ask('delete', `/${id}`, headers).expect(404)
    await ask('post', `/${id}/restore`, headers).expect(200)
    const again = await ask('post', `/${id}/restore`, headers).expect(409)
    expect(again.body.code).toBe('projects.project_not_deleted')
  })

  it('make another version of it', async () => {
    const { headers } = await signedIn()
    const id = await start(headers)
    const old = await tagOf(id, headers)
    await ask('delete', `/${id}`, headers).expect(204)
    const answer = await ask('post', `/${id}/restore`, headers).expect(200)
    expect(answer.body.data.version).toBe(2)
    await ask('get', `/${id}`, { ...headers, 'if-none-match': old }).expect(200)
    const change = ask('patch', `/${id}`, { ...headers, 'if-match': old })
    await change.send({ description: 'unseen' }).expect(412)
  })

  it('refuse to restore what others own, and a name that was taken meanwhile', async () => {
    const { headers } = await signedIn()
    const id = await start(headers, 'Arch')
    await ask('delete', `/${id}`, headers).expect(204)
    await ask('post', `/${id}/restore`, (await signedIn()).headers).expect(404)
    await start(headers, 'arch')
    const answer = await ask('post', `/${id}/restore`, headers).expect(409)
    expect(answer.body.code).toBe('projects.name_taken')
  })
})

it('needs somebody who is signed in, for every route', async () => {
  for (const [method, path] of [
    ['get', ''],
    ['post', ''],
    ['get', '/1'],
    ['patch', '/1'],
    ['delete', '/1'],
    ['post', '/1/restore'],
  ] as const)
    await ask(method, path).expect(401)
})

it('has an index for each order in which projects can be listed, by owners and by administrators', async () => {
  const { pool, client } = auth.core.database
  for (const where of [{}, { ownerId: 1 }])
    expect(
      await sortsWithoutIndex({
        pool,
        list: projectList,
        findPage: (list) => client.project.findPage({ where, list }),
      }),
    ).toEqual([])
})
