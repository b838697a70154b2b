import request from 'supertest'
import { sortsWithoutIndex } from '@ashlar/core/testing'
import type { AuditEntry } from '../schemas/audit.schema.ts'
import {
  buildRegistration,
  createUser,
  signIn,
  startAuth,
  type TestAuth,
} from '../testing/index.ts'
import { auditList } from './audit.routes.ts'

let auth: TestAuth
let admin: { authorization: string }
let adminId: number

beforeAll(async () => {
  auth = await startAuth({ RATE_LIMIT_ENABLED: 'false', AUTH_SESSION_LIMIT: '3' })
  const { user, password } = await createUser(auth.store, { role: 'admin' })
  adminId = user.id
  admin = await signIn(auth.url, { email: user.email, password })
})
afterAll(() => auth.stop())

const ask = (method: 'get' | 'post' | 'patch' | 'delete', path: string) =>
  request(auth.url)
    [method](`/api/v1${path}`)
    .set({ 'user-agent': 'chisel/1', 'x-request-id': 'q1' })

async function trail(filters: string): Promise<AuditEntry[]> {
  const answer = await ask('get', `/audit?sort=createdAt&filters=${filters}`).set(admin).expect(200)
  return (answer.body as { data: AuditEntry[] }).data
}

/** In the order in which they happened: the clock of the test stands still between two steps. */
async function actionsOn(userId: number): Promise<string[]> {
  return (await trail(`userId:${userId}`)).map(({ action }) => action).toSorted()
}

async function account() {
  const { user, password } = await createUser(auth.store)
  return { user, email: user.email, password }
}

async function logIn(credentials: { email: string; password: string }) {
  const { email, password } = credentials
  const answer = await ask('post', '/auth/login').send({ email, password }).expect(200)
  return answer.body as { access_token: string; refresh_token: string }
}

const bearer = ({ access_token: token }: { access_token: string }) => ({
  authorization: `Bearer ${token}`,
})

describe('the audit trail', () => {
  it('tells who, whom, when and from where', async () => {
    const body = buildRegistration()
    const { data } = (await ask('post', '/auth/register').send(body).expect(201)).body
    expect(await trail(`userId:${data.id}`)).toEqual([
      {
        id: expect.any(String),
        action: 'registered',
        actorId: data.id,
        userId: data.id,
        details: null,
        address: expect.stringContaining('127.0.0.1'),
        device: 'chisel/1',
        requestId: 'q1',
        createdAt: auth.clock.now().toISOString(),
      },
    ])
  })

  it('tells of log-ins and log-outs, with their session', async () => {
    const { user, ...credentials } = await account()
    const { refresh_token } = await logIn(credentials)
    await ask('post', '/auth/logout').send({ refresh_token }).expect(204)
    await ask('post', '/auth/logout').send({ refresh_token }).expect(204)
    const entries = await trail(`userId:${user.id}`)
    expect(entries.map(({ action }) => action).toSorted()).toEqual(['logged_in', 'logged_out'])
    const sessions = entries.map(({ details }) => details?.sessionId)
    expect(sessions[0]).toEqual(expect.any(String))
    expect(new Set(sessions).size).toBe(1)
  })

  it('tells of a failed log-in to an account without naming an actor, and of none to no account without its e-mail', async () => {
    const { user, email } = await account()
    await ask('post', '/auth/login').send({ email, password: 'not this one' }).expect(401)
    expect(await trail(`userId:${user.id}`)).toMatchObject([
      { action: 'login_failed', actorId: null },
    ])
    const unknown = 'nobody-at-all@example.com'
    await ask('post', '/auth/login')
      .set('x-request-id', 'unknown-1')
      .send({ email: unknown, password: 'not this one' })
      .expect(401)
    expect(await trail('requestId:unknown-1')).toMatchObject([
      { action: 'login_failed', actorId: null, userId: null, details: null },
    ])
    const { rows } = await auth.core.database.pool.query(
      'SELECT count(*)::int AS count FROM audit_entry WHERE audit_entry::text ~ $1',
      [`${unknown}|${email}|not this one`],
    )
    expect(rows).toEqual([{ count: 0 }])
  })

  it('sends the same statements for a failed log-in to a known, an inactive and an unknown account', async () => {
    const { email } = await account()
    const inactive = await account()
    await auth.store.users.update(inactive.user.id, { status: 'inactive' })
    const statements = (email: string) =>
      statementsDuring(() =>
        ask('post', '/auth/login').send({ email, password: 'not this one' }).expect(401),
      )
    const known = await statements(email)
    expect(known.some((text) => text.includes('"audit_entry"'))).toBe(true)
    expect(await statements('nobody@example.com')).toEqual(known)
    expect(await statements(inactive.email)).toEqual(known)
  })

  it('tells of a refresh token that came again, once, and not who sent it', async () => {
    const { user, ...credentials } = await account()
    const { refresh_token } = await logIn(credentials)
    await ask('post', '/auth/refresh-token').send({ refresh_token }).expect(200)
    auth.clock.advance(60_000)
    await ask('post', '/auth/refresh-token').send({ refresh_token }).expect(401)
    await ask('post', '/auth/refresh-token').send({ refresh_token }).expect(401)
    expect(await trail(`userId:${user.id},action:refresh_token_reused`)).toMatchObject([
      { actorId: null, details: { sessionId: expect.any(String) } },
    ])
  })

  it('tells of sessions that were ended from another one', async () => {
    const { user, ...credentials } = await account()
    const here = bearer(await logIn(credentials))
    await logIn(credentials)
    const { data } = (await ask('get', '/auth/sessions').set(here).expect(200)).body as {
      data: { id: string; current: boolean }[]
    }
    const other = data.find(({ current }) => !current)!
    await ask('delete', `/auth/sessions/${other.id}`).set(here).expect(204)
    await ask('delete', `/auth/sessions/${other.id}`).set(here).expect(404)
    await ask('delete', '/auth/sessions').set(here).expect(204)
    expect(await trail(`userId:${user.id},action:session_ended`)).toMatchObject([
      { actorId: user.id, details: { sessionId: other.id } },
    ])
    expect(await actionsOn(user.id)).toContain('other_sessions_ended')
  })

  it('tells which session a log-in over the limit ended', async () => {
    const { user, ...credentials } = await account()
    const first = await logIn(credentials)
    const sessions = await ask('get', '/auth/sessions').set(bearer(first)).expect(200)
    for (let more = 0; more < 3; more += 1) {
      auth.clock.advance(1_000)
      await logIn(credentials)
    }
    expect(await trail(`userId:${user.id},action:session_ended`)).toMatchObject([
      { actorId: user.id, details: { sessionId: sessions.body.data[0].id } },
    ])
  })

  it('tells of what a user changes of the own account, and of a wrong current password', async () => {
    const { user, ...credentials } = await account()
    const here = bearer(await logIn(credentials))
    const change = (body: object) => ask('patch', '/profile').set(here).send(body)
    const { email } = buildRegistration()
    const currentPassword = credentials.password
    await change({ email, currentPassword: 'not this one' }).expect(403)
    await change({ email, currentPassword }).expect(200)
    const token = await auth.issue('verify_email', { userId: user.id, email, ttlMs: 60_000 })
    await ask('post', '/auth/verify-email').send({ token }).expect(204)
    const password = 'set in mortar, twice'
    await change({ password, currentPassword }).expect(200)
    await ask('delete', '/profile').set(here).expect(204)
    expect(await actionsOn(user.id)).toEqual([
      'current_password_refused',
      'email_change_requested',
      'email_changed',
      'logged_in',
      'password_changed',
      'user_deleted',
    ])
  })

  it('tells of a reset of the password, and of a request for one with the same statements for no account', async () => {
    const { user, email } = await account()
    const request = (email: string) =>
      statementsDuring(() => ask('post', '/auth/restore-password').send({ email }).expect(202))
    expect(await request(email)).toEqual(await request('nobody@example.com'))
    const token = await auth.issue('reset_password', { userId: user.id, email, ttlMs: 60_000 })
    await ask('post', '/auth/reset-password')
      .send({ token, password: 'set in mortar, twice' })
      .expect(204)
    expect(await actionsOn(user.id)).toEqual(['password_reset', 'password_reset_requested'])
  })

  it('tells which admin changed, deleted and restored a user, and what the user became', async () => {
    const { user } = await account()
    const path = `/users/${user.id}`
    await ask('patch', path).set(admin).send({ status: 'inactive', role: 'user' }).expect(200)
    await ask('patch', path).set(admin).send({ role: 'admin', status: 'inactive' }).expect(200)
    await ask('delete', path).set(admin).expect(204)
    await ask('post', `${path}/restore`).set(admin).expect(200)
    const entries = await trail(`userId:${user.id}`)
    expect(entries).toHaveLength(4)
    expect(entries).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ action: 'status_changed', details: { status: 'inactive' } }),
        expect.objectContaining({ action: 'role_changed', details: { role: 'admin' } }),
        expect.objectContaining({ action: 'user_deleted', details: null }),
        expect.objectContaining({ action: 'user_restored', details: null }),
      ]),
    )
    expect(entries.every(({ actorId }) => actorId === adminId)).toBe(true)
  })

  it('has no entry for a change that was rolled back', async () => {
    const before = await auth.core.database.client.auditEntry.count()
    await ask('delete', `/users/${adminId}`).set(admin).expect(409)
    expect(await auth.core.database.client.auditEntry.count()).toBe(before)
  })

  it('tells of a log-in to the dashboard', async () => {
    const { user, ...credentials } = await account()
    const { gateway } = auth.module
    const client = { address: '192.0.2.7', device: 'a browser' }
    const found = await gateway.verifyCredentials(credentials, client)
    const secret = await gateway.startSession(found, { ttlMs: 60_000, client })
    await gateway.endSession(secret, client)
    const entries = await trail(`userId:${user.id}`)
    expect(entries.map(({ action }) => action).toSorted()).toEqual([
      'credentials_verified',
      'logged_in',
      'logged_out',
    ])
    for (const entry of entries) expect(entry).toMatchObject(client)
  })

  it('refuses in the database to change an entry, to empty the table, and to delete what is not old', async () => {
    const { pool } = auth.core.database
    for (const statement of [
      `UPDATE audit_entry SET actor_id = 1`,
      'TRUNCATE audit_entry',
      'DELETE FROM audit_entry',
    ])
      await expect(pool.query(statement)).rejects.toThrow('audit_entry is only added to')
  })
})

describe('GET /audit', () => {
  it('lists the newest first, twenty a page', async () => {
    const answer = await ask('get', '/audit').set(admin).expect(200)
    expect(answer.body.meta.pagination).toMatchObject({ page: 1, per_page: 20 })
    const times = (answer.body as { data: AuditEntry[] }).data.map(({ createdAt }) => createdAt)
    expect(times).toEqual(times.toSorted().toReversed())
  })

  it('is for admins', async () => {
    const credentials = await account()
    await ask('get', '/audit').expect(401)
    await ask('get', '/audit')
      .set(bearer(await logIn(credentials)))
      .expect(403)
  })

  it.each([
    ['sort=action', '/query/sort'],
    ['filters=device:x', '/query/filters'],
    ['filters=action:danced', '/query/filters'],
    ['a=1', '/query/a'],
  ])('refuses %s with 422', async (query, pointer) => {
    const answer = await ask('get', `/audit?${query}`).set(admin).expect(422)
    expect(answer.body.errors).toMatchObject([{ pointer }])
  })

  it('has an index for every order', async () => {
    const { pool } = auth.core.database
    const { findPage } = auth.store.audit
    expect(await sortsWithoutIndex({ pool, list: auditList, findPage })).toEqual([])
  })
})

/** The text of each statement, through the pool and in its transactions, without values. */
async function statementsDuring(work: () => PromiseLike<unknown>): Promise<string[]> {
  const { pool } = auth.core.database
  const client = await pool.connect()
  client.release()
  const proto = Object.getPrototypeOf(client) as { query: (...args: unknown[]) => unknown }
  const { query } = proto
  const texts: string[] = []
  proto.query = function (this: unknown, ...args: unknown[]) {
    const [statement] = args as [string | { text: string }]
    texts.push(typeof statement === 'string' ? statement : statement.text)
    return query.apply(this, args)
  }
  try {
    await work()
  } finally {
    proto.query = query
  }
  // Relays are woken while nobody waits for it: in this request's time or in another's.
  return texts.filter((text) => !text.includes('pg_notify'))
}
