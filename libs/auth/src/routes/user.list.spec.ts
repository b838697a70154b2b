import request from 'supertest'
import { sortsWithoutIndex } from '@ashlar/core/testing'
import { createUser, signIn, startAuth, type TestAuth } from '../testing/index.ts'
import { fullUserList } from './user.list.ts'

let auth: TestAuth
let admin: Record<string, string>
let member: Record<string, string>
const names = ['ada', 'Ben', 'cyd', 'dan', 'eve']
const fullUser = [
  'createdAt',
  'email',
  'emailVerified',
  'id',
  'role',
  'status',
  'updatedAt',
  'username',
]

beforeAll(async () => {
  auth = await startAuth()
  for (const username of names)
    await createUser(auth.store, { username, email: `${username.toLowerCase()}@example.com` })
  admin = await signedIn('admin')
  member = await signedIn('user')
})
afterAll(() => auth.stop())

async function signedIn(role: 'user' | 'admin') {
  const { user, password } = await createUser(auth.store, { username: `zz-${role}`, role })
  return signIn(auth.url, { email: user.email, password })
}

const list = (query: string, headers = member) =>
  request(auth.url).get(`/api/v1/users${query}`).set(headers)

async function usernames(query: string, headers = member): Promise<string[]> {
  const answer = await list(query, headers).expect(200)
  return (answer.body.data as { username: string }[]).map(({ username }) => username)
}

describe('GET /users', () => {
  it('answers public users, in the order of ids, with the total', async () => {
    const answer = await list('').expect(200)
    expect(answer.body.meta).toEqual({ pagination: { total: 7, page: 1, per_page: 10 } })
    // The own one among them.
    for (const user of answer.body.data as object[])
      expect(Object.keys(user).toSorted()).toEqual(['createdAt', 'id', 'status', 'username'])
    expect(await usernames('')).toEqual([...names, 'zz-admin', 'zz-user'])
  })

  it('sorts, filters and pages by the grammar', async () => {
    expect(await usernames('?sort=id:desc,username:asc&per_page=3')).toEqual([
      'zz-user',
      'zz-admin',
      'eve',
    ])
    expect(await usernames('?filters=username:[ADA,ben]')).toEqual(['ada', 'Ben'])
    expect(await usernames('?filters=status:inactive')).toEqual([])
    expect(await usernames('?page=9')).toEqual([])
  })

  it.each([
    ['id:gte:3,id:lt:5', ['cyd', 'dan']],
    ['id:ne:1,id:lte:3', ['Ben', 'cyd']],
    ['username:bEN', ['Ben']],
    ['username:like:Z-U', ['zz-user']],
    ['username:like:%', []],
    ['username:"ada"', ['ada']],
    ['username:ne:ADA,id:lte:2', ['Ben']],
    ['status:ne:inactive,id:1', ['ada']],
    ['status:[active,inactive],id:2', ['Ben']],
    ['createdAt:gte:2020-01-31,id:3', ['cyd']],
    ['createdAt:lt:"2020-01-31T00:00:00.000Z"', []],
  ])('filters by %s', async (filters, expected) => {
    expect(await usernames(`?filters=${encodeURIComponent(filters)}`)).toEqual(expected)
  })

  it.each(['id', 'username,id', 'status,id', 'createdAt,id'])(
    'sorts by %s, both ways',
    async (sort) => {
      const up = await usernames(`?sort=${sort}`)
      const down = await usernames(`?sort=${sort.replaceAll(/\w+/g, '$&:desc')}`)
      expect(up).toHaveLength(7)
      expect(down).toEqual(up.toReversed())
    },
  )

  it('links to the pages around, with every parameter', async () => {
    const answer = await list('?sort=id%3Adesc&page=2&per_page=3&filters=').expect(200)
    const address = (page: number) =>
      `/api/v1/users?sort=id%3Adesc&page=${page}&per_page=3&filters=`
    expect(answer.headers['link']).toBe(
      `<${address(1)}>; rel="first", <${address(1)}>; rel="prev", <${address(3)}>; rel="next", <${address(3)}>; rel="last"`,
    )
    const next = await list(address(3).slice('/api/v1/users'.length)).expect(200)
    expect(next.headers['link']).not.toContain('next')
    const empty = await list('?filters=id:[]').expect(200)
    expect(empty.headers['link']).toBe(
      '</api/v1/users?filters=id%3A%5B%5D&page=1>; rel="first", </api/v1/users?filters=id%3A%5B%5D&page=1>; rel="last"',
    )
  })

  it('leaves out the total and the last page on demand', async () => {
    const answer = await list('?total=false&per_page=7').expect(200)
    expect(answer.body.meta.pagination).toEqual({ page: 1, per_page: 7 })
    expect(answer.headers['link']).toBe(
      '</api/v1/users?total=false&per_page=7&page=1>; rel="first"',
    )
  })

  it('can be walked by links with a cursor', async () => {
    const seen: string[] = []
    let query: string | undefined = '?cursor=&per_page=3&sort=username:desc'
    while (query !== undefined) {
      const answer: request.Response = await list(query).expect(200)
      seen.push(...(answer.body.data as { username: string }[]).map(({ username }) => username))
      query = /<\/api\/v1\/users(\?[^>]*)>; rel="next"/.exec(answer.headers['link'] as string)?.[1]
    }
    expect(seen).toEqual(await usernames('?sort=username:desc&per_page=100'))
  })

  it('answers HEAD with the same header fields', async () => {
    const answer = await request(auth.url).head('/api/v1/users?per_page=1').set(member).expect(200)
    expect(answer.headers['link']).toContain('rel="next"')
    expect(answer.text).toBeUndefined()
  })

  it('shows admins full users, and lets them ask by e-mail, role and deletion', async () => {
    const answer = await list('?filters=email:ADA@example.com', admin).expect(200)
    expect(answer.body.data).toMatchObject([
      { username: 'ada', email: 'ada@example.com', role: 'user', emailVerified: false },
    ])
    expect(Object.keys(answer.body.data[0] as object).toSorted()).toEqual(fullUser)
    expect(await usernames('?filters=role:admin&sort=email', admin)).toEqual(['zz-admin'])
    expect(await usernames('?filters=email:ne:ADA@example.com,id:lte:2', admin)).toEqual(['Ben'])
    expect((await usernames('?sort=role:desc,email', admin))[0]).toBe('zz-admin')
    const { user } = await createUser(auth.store)
    await auth.store.users.removeIf({ id: user.id })
    const deleted = await list('?deleted=true', admin).expect(200)
    expect(deleted.body.data).toMatchObject([
      { id: user.id, deletedAt: expect.stringMatching(/\.\d{3}Z$/) },
    ])
    expect(Object.keys(deleted.body.data[0] as object).toSorted()).toEqual(
      [...fullUser, 'deletedAt'].toSorted(),
    )
    expect(await usernames('?deleted=false', admin)).not.toContain(user.username)
  })

  it.each([
    ['?sort=email', '/query/sort', 0],
    ['?filters=status:active,email:x', '/query/filters', 14],
    ['?filters=passwordHash:x', '/query/filters', 0],
    ['?filters=id:abc', '/query/filters', 3],
    ['?filters=id:99999999999', '/query/filters', 3],
    ['?deleted=true', '/query/deleted', undefined],
    ['?page[]=1', '/query/page[]', undefined],
    ['?a=1', '/query/a', undefined],
  ])('refuses %s to a user', async (query, pointer, position) => {
    const answer = await list(query).expect(422)
    expect(answer.body.errors).toMatchObject([
      { pointer, ...(position !== undefined && { position }) },
    ])
  })

  it('has an index for every order', async () => {
    const { pool } = auth.core.database
    const { findPage } = auth.store.users
    expect(await sortsWithoutIndex({ pool, list: fullUserList, findPage })).toEqual([])
  })

  it('refuses a parameter that is given twice with 400, and who is not signed in with 401', async () => {
    await list('?page=1&page=2').expect(400)
    await request(auth.url).get('/api/v1/users').expect(401)
  })
})
