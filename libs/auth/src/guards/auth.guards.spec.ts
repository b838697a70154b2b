import request from 'supertest'
import { z } from 'zod'
import { createRoutes } from '@ashlar/core/http'
import { cloneTestDatabase, serveModules, startTcpProxy } from '@ashlar/core/testing'
import { createUser, signIn, startAuth, type TestAuth } from '../testing/index.ts'

const Caller = z.object({ id: z.int(), sessionId: z.uuid() })

/** A route behind each guard. */
async function serveGuarded({ core, module }: TestAuth) {
  const routes = createRoutes({ prefix: '/callers', tag: 'Callers' })
  for (const guard of [module.guards.currentUser, module.guards.activeUser])
    routes.get(
      `/${guard.name}`,
      { summary: `Passes ${guard.name}`, guard, response: Caller },
      ({ user, sessionId }) => ({ id: user.id, sessionId }),
    )
  return serveModules(core, [{ name: 'callers', routes: [routes], gateway: undefined }])
}

async function createCaller(auth: TestAuth) {
  const { user, password } = await createUser(auth.store)
  return { user, headers: await signIn(auth.url, { email: user.email, password }) }
}

describe('a guard', () => {
  it('gives the handler the user and the session, and the user to the log', async () => {
    const auth = await startAuth()
    const server = await serveGuarded(auth)
    const { user, headers } = await createCaller(auth)
    const answer = await request(server.url)
      .get('/api/v1/callers/currentUser')
      .set(headers)
      .expect(200)
    expect(answer.body.data).toEqual({ id: user.id, sessionId: expect.any(String) })
    expect(auth.lines).toContainEqual(
      expect.objectContaining({ route: '/api/v1/callers/currentUser', userId: user.id }),
    )
    await server.stop()
    await auth.stop()
  })

  it('lets an inactive user pass only where any user may', async () => {
    const auth = await startAuth()
    const server = await serveGuarded(auth)
    const { user, headers } = await createCaller(auth)
    await auth.core.database.client.user.update({
      where: { id: user.id },
      data: { status: 'inactive' },
    })
    await request(server.url).get('/api/v1/callers/currentUser').set(headers).expect(200)
    const answer = await request(server.url).get('/api/v1/callers/activeUser').set(headers)
    expect(answer).toMatchObject({ status: 403, body: { code: 'auth.inactive_user' } })
    await server.stop()
    await auth.stop()
  })

  it('refuses nobody because the database is away: it answers 503', async () => {
    const database = await cloneTestDatabase(process.env['DATABASE_URL'] ?? '', 'guards')
    const proxy = await startTcpProxy(database.url)
    const auth = await startAuth({ DATABASE_URL: proxy.url })
    const { headers } = await createCaller(auth)
    const ask = () => request(auth.url).get('/api/v1/profile').set(headers)
    await proxy.cut()
    const answer = await ask().expect(503)
    expect(answer.body.code).toBe('database.unavailable')
    expect(answer.headers).not.toHaveProperty('www-authenticate')
    await proxy.restore()
    await ask().expect(200)
    await auth.stop()
    await proxy.close()
    await database.drop()
  })
})
