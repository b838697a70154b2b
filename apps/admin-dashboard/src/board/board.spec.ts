import { z } from 'zod'
import { startAuth, type TestAuth } from '@ashlar/auth/testing'
import { defineTask, handle } from '@ashlar/core/queue'
import { eventually, startTcpProxy, startWorker, type TcpProxy } from '@ashlar/core/testing'
import { logInAdmin, serveAdmin, type TestAdmin } from '../testing/serve-admin.ts'

describe('Bull-Board', () => {
  let auth: TestAuth
  let admin: TestAdmin
  let headers: { cookie: string }
  beforeAll(async () => {
    auth = await startAuth()
    admin = await serveAdmin(auth.core, { auth: auth.module, all: [auth.module] })
    headers = await logInAdmin(auth, admin)
  })
  afterAll(async () => {
    await admin.stop()
    await auth.stop()
  })

  it('shows the events and the tasks of every module', async () => {
    const answer = await admin.ask('/queues/api/queues', { headers })
    const { queues } = (await answer.json()) as { queues: { name: string }[] }
    expect(queues.map(({ name }) => name)).toEqual(['auth.events', 'auth.tasks'])
  })

  it('is a page under the name of the application, with a way to the log-out, that asks no other host', async () => {
    const answer = await admin.ask('/queues/queue/auth.tasks', { headers })
    const page = await answer.text()
    expect(page).toContain(`<title>${auth.core.config.appName} queues</title>`)
    expect(page).toContain('"url":"/account"')
    expect(page).toContain('<div id="root"></div>')
    expect(page).not.toMatch(/(src|href)="(https?:)?\/\/|<style/)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    const [, script] = /src="(static\/js\/main[^"]+)"/.exec(page) ?? []
    expect((await admin.ask(`/queues/${script}`, { headers })).status).toBe(200)
  })

  it('keeps the secrets of a job to itself, in data, options, errors and logs', async () => {
    const queue = auth.core.queues.get('auth.tasks')
    const job = await queue.add('auth.leaky', {
      userId: 7,
      password: 'planted-1',
      deep: { a: [{ b: { c: { d: { e: { f: { g: { h: { resetToken: 'planted-2' } } } } } } } }] },
      url: 'postgresql://ashlar:planted-3@localhost/ashlar',
    })
    await job.log('sent Authorization: Bearer planted-4')
    await queue.pause()
    const row = queue.toKey(job.id ?? '')
    await auth.core.redis.client.hset(row, {
      failedReason: 'refused: {"apiKey":"planted-5"}',
      stacktrace: JSON.stringify(['Error: password=planted-6\n    at x.ts:1']),
      returnvalue: JSON.stringify({ access_token: 'planted-7' }),
    })
    const path = `/queues/api/queues/auth.tasks/${job.id}`
    const answers = [
      await (await admin.ask(path, { headers })).text(),
      await (await admin.ask(`${path}/logs`, { headers })).text(),
      await (
        await admin.ask('/queues/api/queues?activeQueue=auth.tasks&page=1&jobsPerPage=10', {
          headers,
        })
      ).text(),
    ]
    expect(answers.join()).not.toContain('planted')
    expect(answers[0]).toContain('"userId":7')
    expect(answers[0]).toContain('[redacted]')
    expect(answers[2]).toContain('auth.leaky')
    await queue.obliterate({ force: true })
  })

  it('does not store a mask in the place of a secret', async () => {
    const queue = auth.core.queues.get('auth.tasks')
    const job = await queue.add('auth.leaky', { password: 'planted' }, { delay: 60_000 })
    const answer = await admin.ask(`/queues/api/queues/auth.tasks/${job.id}/update-data`, {
      method: 'PATCH',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ jobData: { password: '[redacted]' } }),
    })
    expect(answer.status).toBe(409)
    expect((await queue.getJob(job.id ?? ''))?.data).toEqual({ password: 'planted' })
    await queue.obliterate({ force: true })
  })

  it('runs a dead job again', async () => {
    const queue = auth.core.queues.get('auth.tasks')
    const jam = defineTask('auth.jam', z.object({}), { attempts: 1 })
    const handler = handle(jam, () => {
      throw new Error('paper jam')
    })
    const worker = await startWorker(auth.core, [
      { name: 'auth', tasks: [handler], gateway: undefined },
    ])
    const { id } = await auth.core.tasks.enqueue(jam, {})
    await eventually(async () => (await queue.getJobState(id)) === 'failed')
    await worker.stop()
    const path = `/queues/api/queues/auth.tasks/${id}/retry`
    const answer = await admin.ask(path, { method: 'PUT', headers })
    expect(answer.status).toBe(204)
    expect(await queue.getJobState(id)).toBe('waiting')
    await queue.obliterate({ force: true })
  })

  it('hands out markup in names and data as data', async () => {
    const queue = auth.core.queues.get('auth.tasks')
    const markup = '</script><img src=x onerror=alert(1)>'
    const job = await queue.add(markup, { markup })
    const answer = await admin.ask(`/queues/api/queues/auth.tasks/${job.id}`, { headers })
    expect(answer.headers.get('content-type')).toMatch('application/json')
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    await queue.obliterate({ force: true })
  })

  it('tells nothing of the inside when it is asked badly', async () => {
    const answer = await admin.ask('/queues/api/queues/auth.tasks/add', {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: '{"name":',
    })
    expect(answer.status).toBe(400)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
  })
})

describe('without Redis', () => {
  let proxy: TcpProxy
  let auth: TestAuth
  let admin: TestAdmin
  let headers: { cookie: string }
  beforeAll(async () => {
    proxy = await startTcpProxy(process.env['REDIS_URL'] ?? '')
    auth = await startAuth({ REDIS_URL: proxy.url })
    admin = await serveAdmin(auth.core, { auth: auth.module, all: [auth.module] })
    headers = await logInAdmin(auth, admin)
  })
  afterEach(async () => {
    await proxy.restore()
    await eventually(async () => (await admin.ask('/queues/api/queues', { headers })).ok)
  })
  afterAll(async () => {
    await admin.stop()
    await auth.stop()
    await proxy.close()
  })

  it('all that needs it is 503 at once, and works again after', async () => {
    await proxy.cut()
    const answer = await admin.ask('/queues/api/queues', { headers })
    expect(answer.status).toBe(503)
    expect(answer.headers.get('retry-after')).toBe('1')
    expect((await admin.ask('/login')).status).toBe(200)
  })

  it.each(['cut', 'freeze'] as const)(
    'a person is told on a page when to try again, and the operator why: %s',
    async (fault) => {
      await proxy[fault]()
      for (const path of ['/queues', '/queues/api/queues']) {
        auth.lines.length = 0
        const answer = await admin.ask(path, { headers: { ...headers, accept: 'text/html' } })
        expect(answer.status).toBe(503)
        expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
        expect(answer.headers.get('retry-after')).toBe('1')
        expect(await answer.text()).toContain('Try again in 1 second.')
        expect(auth.lines).toContainEqual(
          expect.objectContaining({ status: 503, problem: 'service.unavailable' }),
        )
      }
    },
  )
})
