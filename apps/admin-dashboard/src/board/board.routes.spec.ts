import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { startAuth, type TestAuth } from '@ashlar/auth/testing'
import { logInAdmin, serveAdmin, type TestAdmin } from '../testing/serve-admin.ts'

let auth: TestAuth
let admin: TestAdmin
let session: { cookie: string }
beforeAll(async () => {
  auth = await startAuth()
  admin = await serveAdmin(auth.core, { auth: auth.module, all: [auth.module] })
  session = await logInAdmin(auth, admin)
})
afterAll(async () => {
  await admin.stop()
  await auth.stop()
})

const tasks = '/queues/api/queues/auth.tasks'

describe('a path of Bull-Board', () => {
  it.each([
    ['/queues', 'GET, HEAD, OPTIONS'],
    ['/queues/', 'GET, HEAD, OPTIONS'],
    ['/queues/queue/auth.tasks', 'GET, HEAD, OPTIONS'],
    ['/queues/static/images/logo.svg', 'GET, HEAD, OPTIONS'],
    ['/queues/api/queues', 'GET, HEAD, OPTIONS'],
    ['/queues/api/queues/pause', 'OPTIONS, PUT'],
    [`${tasks}/rate-limit`, 'GET, HEAD, OPTIONS, PUT'],
    [`${tasks}/add`, 'OPTIONS, POST'],
    [`${tasks}/1`, 'GET, HEAD, OPTIONS'],
    [`${tasks}/1/update-data`, 'OPTIONS, PATCH'],
  ])('tells the methods of %s, before it asks who it is', async (path, allow) => {
    for (const headers of [{}, session]) {
      const answer = await admin.ask(path, { method: 'OPTIONS', headers })
      expect([answer.status, answer.headers.get('allow')]).toEqual([204, allow])
      const refused = await admin.ask(path, { method: 'DELETE', headers })
      expect([refused.status, refused.headers.get('allow')]).toEqual([405, allow])
      expect(await refused.json()).toMatchObject({ code: 'request.method_not_allowed' })
      const traced = await trace(path, headers)
      expect([traced.statusCode, traced.headers.allow]).toEqual([405, allow])
    }
  })

  it.each([
    '/Queues',
    '/queues//',
    '/queues//api/queues',
    '/queues/API/queues',
    '/queues/api/Queues',
    '/queues/api//queues',
    '/queues/api/queues/',
    '/queues/static//images/logo.svg',
    '/queues/static/Images/logo.svg',
    '/queues/static/images',
    '/queues/static/no-such.js',
    '/queues/no-such',
  ])('has one spelling: %s is none', async (path) => {
    expect((await admin.ask(path, { headers: session })).status).toBe(404)
    const underApi = path.startsWith('/queues/api/')
    const asset = path.startsWith('/queues/static/')
    expect((await admin.ask(path)).status).toBe(underApi ? 401 : asset ? 303 : 404)
  })

  it.each(['/queues', '/queues/static/images/logo.svg', '/queues/api/queues'])(
    'answers HEAD as GET, without a body: %s',
    async (path) => {
      const full = await admin.ask(path, { headers: session })
      const head = await admin.ask(path, { method: 'HEAD', headers: session })
      expect(head.status).toBe(200)
      expect(await head.text()).toBe('')
      for (const name of ['content-type', 'content-length', 'cache-control'])
        expect(head.headers.get(name)).toBe(full.headers.get(name))
    },
  )

  it('does not tell what it is made with', async () => {
    for (const path of ['/queues', '/queues/static/images/logo.svg', '/queues/api/queues', tasks])
      expect((await admin.ask(path, { headers: session })).headers.get('x-powered-by')).toBeNull()
  })
})

describe('a change through the API of Bull-Board', () => {
  const json = 'application/json'
  const job = (data: string) => `{"name":"auth.purge","data":${data}}`

  it.each([
    ['of another type', 415, 'text/plain', job('1')],
    ['of no type', 415, undefined, job('1')],
    ['in another charset', 415, 'application/json; charset=latin1', job('1')],
    ['that is no JSON', 400, json, '{"name":'],
    ['that names a member twice', 400, json, job('{"a":1,"\\u0061":2}')],
    ['that is not UTF-8', 400, json, Buffer.from(job('"\xff"'), 'latin1')],
    ['that is nested 2,000 levels deep', 400, json, job('['.repeat(2_000) + ']'.repeat(2_000))],
    ['of 200 KB', 413, json, job(`"${'x'.repeat(200_000)}"`)],
    ['with __proto__', 422, json, job('{"a":[{"__proto__":{}}]}')],
    ['with U+0000', 422, json, job('"\\u0000"')],
    ['with half of a surrogate pair', 422, json, job('"\\ud800"')],
    ['that is no object', 422, json, '[]'],
    ['without a name', 422, json, '{}'],
    ['with an empty name', 422, json, '{"name":""}'],
    ['with an unknown member', 422, json, '{"name":"auth.purge","date":{}}'],
    ['with options that BullMQ refuses', 422, json, '{"name":"x","options":{"jobId":"1"}}'],
  ])('with a body %s is refused: %d', async (_what, status, type, body) => {
    const headers = { ...session, ...(type && { 'content-type': type }) }
    const init = { method: 'POST', headers, body: new Uint8Array(Buffer.from(body)) }
    const answer = await admin.ask(`${tasks}/add`, init)
    expect(answer.status).toBe(status)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    const problem = await answer.json()
    expect(problem).toMatchObject({
      status,
      code: expect.stringMatching(/^request\./),
      instance: `${tasks}/add`,
      requestId: answer.headers.get('x-request-id'),
      error: expect.any(String),
      ...(status === 422 && { errors: [{ pointer: expect.stringMatching(/^\/body/) }] }),
    })
    expect(await queue().getJobCountByTypes()).toBe(0)
  })

  it('says on the page what is wrong with it', async () => {
    const answer = await send('POST', '/add', { name: 'x', options: { jobId: '1' } })
    expect(await problemOf(answer)).toMatchObject({
      error: 'The queue does not take these options.',
    })
  })

  it('goes without a body where there is nothing to say', async () => {
    for (const action of ['pause', 'resume']) {
      const answer = await admin.ask(`${tasks}/${action}`, { method: 'PUT', headers: session })
      expect(answer.status).toBe(200)
      expect(await queue().isPaused()).toBe(action === 'pause')
    }
  })

  it('adds, edits and removes a job', async () => {
    await queue().pause()
    const added = await send('POST', '/add', { name: 'auth.purge', data: { days: 1 } })
    const { job } = (await added.json()) as { job: { id: string } }
    expect((await send('PATCH', `/${job.id}/update-data`, { jobData: { days: 2 } })).status).toBe(
      200,
    )
    expect((await queue().getJob(job.id))?.data).toEqual({ days: 2 })
    expect((await send('PUT', `/${job.id}/clean`)).status).toBe(204)
    expect(await queue().getJob(job.id)).toBeUndefined()
    await queue().resume()
  })

  it('that Bull-Board refuses is a problem with the members that its page shows', async () => {
    await queue().pause()
    const { id } = await queue().add('auth.purge', {})
    expect(await problemOf(await send('PUT', '/no-such/retry'))).toMatchObject({
      type: 'http://api.test/problems/request.not_found',
      title: 'Not found',
      status: 404,
      code: 'request.not_found',
      detail: 'Job not found.',
      instance: `${tasks}/no-such/retry`,
      requestId: expect.any(String),
      error: { key: 'ERRORS.JOB_NOT_FOUND' },
    })
    expect(await problemOf(await send('PUT', `/${id}/retry`))).toMatchObject({
      status: 409,
      code: 'job.refused',
      error: { key: 'ERRORS.JOB_NOT_RETRIABLE', options: { state: 'waiting' } },
    })
    expect(await problemOf(await send('PATCH', `/${id}/priority`, { priority: -1 }))).toMatchObject(
      {
        status: 422,
        code: 'request.validation_failed',
        errors: [{ pointer: '/body', code: 'invalid_value', detail: 'Invalid priority.' }],
        error: { key: 'ERRORS.INVALID_PRIORITY' },
      },
    )
    await queue().obliterate({ force: true })
  })

  it('that the state of a job does not allow is 409, and 503 where Redis refuses it', async () => {
    await queue().pause()
    const { id } = await queue().add('auth.purge', {})
    expect(await problemOf(await send('PUT', `/${id}/promote`))).toMatchObject({
      status: 409,
      code: 'job.refused',
      error: 'The job, or its queue, is not in a state that allows this.',
    })
    await queue().obliterate({ force: true })
    const { client } = auth.core.redis
    await client.set(queue().toKey('meta'), 'not a hash')
    const answer = await send('PUT', '/pause')
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1'])
    await client.del(queue().toKey('meta'))
  })

  it('and a question take the parameters that there are, once each', async () => {
    const ask = (query: string) => admin.ask(`/queues/api/queues?${query}`, { headers: session })
    expect((await ask('activeQueue=auth.tasks&status=failed&page=1&jobsPerPage=5')).status).toBe(
      200,
    )
    expect(await problemOf(await ask('page=0'))).toMatchObject({
      status: 422,
      errors: [{ pointer: '/query/page' }],
    })
    expect((await ask('no=1')).status).toBe(422)
    expect((await ask('page=1&page=2')).status).toBe(400)
    expect((await ask('status=%ff')).status).toBe(400)
  })

  const queue = () => auth.core.queues.get('auth.tasks')

  const send = (method: string, path: string, body?: object): Promise<Response> =>
    admin.ask(`${tasks}${path}`, {
      method,
      headers: { ...session, ...(body && { 'content-type': json }) },
      ...(body && { body: JSON.stringify(body) }),
    })

  const problemOf = async (answer: Response): Promise<unknown> => {
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    return answer.json()
  }
})

/** `fetch` sends no TRACE. */
async function trace(path: string, headers: Record<string, string>): Promise<IncomingMessage> {
  const sent = request(`${admin.url}${path}`, { method: 'TRACE', headers, agent: false }).end()
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  return answer.resume()
}
