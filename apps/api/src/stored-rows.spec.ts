import { randomBytes, randomUUID } from 'node:crypto'
import { z } from 'zod'
import { everyOption } from './testing/every-option.ts'
import { findInputRules } from './testing/input-rules.ts'
import { read, serveApi, type Answer, type Caller, type TestApi } from './testing/serve-api.ts'

let api: TestApi
let admin: Caller

beforeAll(async () => {
  api = await serveApi(everyOption())
  admin = await api.signUp('admin')
})
afterAll(() => api.stop())

const insert = async (statement: string, values: readonly unknown[]): Promise<number> => {
  const { rows } = await api.core.database.pool.query<{ id: number }>(statement, [...values])
  return rows[0]!.id
}

async function get(path: string, caller = admin): Promise<Answer> {
  const answer = await api.ask('GET', `/api/v1${path}`, { headers: caller.headers })
  expect([path, answer.status]).toEqual([path, 200])
  return answer
}

const rowsOf = (answer: Answer) => read<{ data: Record<string, unknown>[] }>(answer).data
const rowOf = (answer: Answer) => read<{ data: Record<string, unknown> }>(answer).data

/** No version 0 and no variant 0 is known to RFC 9562; a column takes them. */
const oddUuid = () =>
  `${randomBytes(4).toString('hex')}-0000-0000-0000-${randomBytes(6).toString('hex')}`

describe('a stored row that breaks the rules of input', () => {
  const oddNames = ['x', '', 'Åke & Söner <b>', 'two words', '\u202E', 'n'.repeat(50)]

  it.each(oddNames)('is shown as a user: username %j', async (username) => {
    const email = `not an address ${randomBytes(5).toString('hex')}`
    const id = await insert(
      'INSERT INTO "user" (username, email, updated_at) VALUES ($1, $2, now()) RETURNING id',
      [username, email],
    )
    expect(rowOf(await get(`/users/${id}`))).toMatchObject({ username, email })
    const stranger = await api.signUp()
    expect(rowOf(await get(`/users/${id}`, stranger))).toMatchObject({ username })
    for (const caller of [admin, stranger])
      expect(rowsOf(await get('/users?per_page=100', caller))).toContainEqual(
        expect.objectContaining({ id, username }),
      )
    await api.core.database.pool.query('UPDATE "user" SET deleted_at = now() WHERE id = $1', [id])
    expect(rowsOf(await get('/users?deleted=true&per_page=100'))).toContainEqual(
      expect.objectContaining({ id, username }),
    )
  })

  it('is passed by the pages of a list that is sorted by what is odd', async () => {
    const seen: unknown[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const answer: Answer = await get(`/users?sort=username,email&per_page=2&cursor=${cursor}`)
      seen.push(...rowsOf(answer).map(({ id }) => id))
      cursor = read<{ meta: { pagination: { next_cursor: string | null } } }>(answer).meta
        .pagination.next_cursor
    }
    const { rows } = await api.core.database.pool.query(
      'SELECT id FROM "user" WHERE deleted_at IS NULL',
    )
    expect(new Set(seen)).toEqual(new Set(rows.map(({ id }: { id: number }) => id)))
  })

  it('is shown as a profile', async () => {
    const caller = await api.signUp()
    const values = ['A name', 'a b', caller.id]
    await api.core.database.pool.query(
      'UPDATE "user" SET username = $1, email = $2 WHERE id = $3',
      values,
    )
    expect(rowOf(await get('/profile', caller))).toMatchObject({ username: 'A name', email: 'a b' })
  })

  it.each([
    ['blanks alone', '  ', ''],
    ['no letter', '', '\u0007'],
    ['lines', 'two\nlines', 'x'.repeat(2_000)],
  ])('is shown as a project: a name of %s', async (_what, name, description) => {
    const id = await insert(
      `INSERT INTO project (owner_id, name, description, updated_at) VALUES ($1, $2, $3, now())
       RETURNING id`,
      [admin.id, name, description],
    )
    const project = { id, name, description }
    expect(rowOf(await get(`/projects/${id}`))).toMatchObject(project)
    expect(rowsOf(await get('/projects?per_page=100'))).toContainEqual(
      expect.objectContaining(project),
    )
  })

  it.each([
    ['an action of another version', 'stone_cut', { stone: 'granite' }, {}],
    ['details of another form', 'logged_in', { sessionId: 7 }, null],
    ['details that are a list', 'logged_in', [1], null],
    ['an id that no standard knows', 'session_ended', { sessionId: oddUuid() }, expect.anything()],
  ])('is shown in the audit trail: %s', async (_what, action, details, shown) => {
    const id = oddUuid()
    await insert(
      'INSERT INTO audit_entry (id, action, details, address) VALUES ($1, $2, $3, $4) RETURNING id',
      [id, action, JSON.stringify(details), 'no address'],
    )
    expect(rowsOf(await get('/audit?per_page=100'))).toContainEqual(
      expect.objectContaining({ id, action, details: shown }),
    )
  })

  it('is shown as a session, and can be ended', async () => {
    const id = oddUuid()
    await insert(
      `INSERT INTO session (id, user_id, refresh_token_hash, device, expires_at)
       VALUES ($1, $2, $3, $4, now() + interval '1 day') RETURNING id`,
      [id, admin.id, randomBytes(32), '\u0007'],
    )
    expect(rowsOf(await get('/auth/sessions'))).toContainEqual(expect.objectContaining({ id }))
    await expectGone(`/auth/sessions/${id}`)
  })

  it('is shown as an API key, and can be deleted', async () => {
    const id = oddUuid()
    await insert(
      `INSERT INTO api_key (id, user_id, name, hash, hint, scopes, expires_at)
       VALUES ($1, $2, '', $3, '', '{"stones:cut",""}', now() + interval '1 day') RETURNING id`,
      [id, admin.id, randomBytes(32)],
    )
    expect(rowsOf(await get('/auth/api-keys'))).toContainEqual(expect.objectContaining({ id }))
    await expectGone(`/auth/api-keys/${id}`)
  })

  it('is shown as an identity, and can be unlinked', async () => {
    const id = oddUuid()
    await insert(
      `INSERT INTO external_identity (id, user_id, provider, subject, email)
       VALUES ($1, $2, 'a former one', $3, 'no address') RETURNING id`,
      [id, admin.id, randomUUID()],
    )
    expect(rowsOf(await get('/auth/identities'))).toContainEqual(expect.objectContaining({ id }))
    await expectGone(`/auth/identities/${id}`)
  })

  async function expectGone(path: string): Promise<void> {
    const answer = await api.ask('DELETE', `/api/v1${path}`, { headers: admin.headers })
    expect([path, answer.status]).toEqual([path, 204])
  }
})

describe('the schema of an answer', () => {
  it('has no rule that a stored row may break, on any route', async () => {
    const { rows } = await api.core.database.pool.query<{ values: string[] }>(
      'SELECT array_agg(enumlabel::text) AS values FROM pg_enum GROUP BY enumtypid',
    )
    const knownEnums = rows.map(({ values }) => values.sort().join())
    const routes = api.modules.flatMap(({ routes = [] }) => routes.flatMap(({ list }) => list))
    expect(routes.length).toBeGreaterThan(20)
    const rules = routes.flatMap(({ method, path, contract: { response, redirect } }) =>
      response && !redirect
        ? findInputRules(response, knownEnums).map((rule) => `${method} ${path}: ${rule}`)
        : [],
    )
    expect(rules).toEqual([])
  })

  it.each<[string, z.ZodType]>([
    ['a length', z.object({ a: z.string().max(5) })],
    ['a pattern', z.array(z.string().regex(/a/).nullable())],
    ['a range', z.record(z.string(), z.number().min(1))],
    ['a refinement', z.union([z.null(), z.string().refine(Boolean)])],
    ['a format', z.object({ a: z.email().optional() })],
    ['a version of UUIDs', z.object({ a: z.uuid() })],
    ['a list of values', z.object({ a: z.enum(['a', 'b']) })],
    ['a change', z.object({ a: z.string().trim() })],
    ['a transform', z.object({ a: z.string().transform(Number) })],
    ['a rule for the whole', z.object({ a: z.string() }).refine(Boolean)],
  ])('is found to have %s', (_what, schema) => {
    expect(findInputRules(schema, ['c,d'])).toHaveLength(1)
  })

  it('may name what the column holds anyway', () => {
    const schema = z.object({
      id: z.guid(),
      count: z.int(),
      at: z.iso.datetime().nullable(),
      kind: z.enum(['d', 'c']),
      name: z.string().meta({ format: 'email' }),
    })
    expect(findInputRules(schema, ['c,d'])).toEqual([])
  })
})
