import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readRoutes } from './testing/documented-routes.ts'
import { serveApi, type TestApi } from './testing/serve-api.ts'

/** One line of docs/permissions.md: what each caller gets of a route. */
interface Permission {
  method: string
  path: string
  answers: Record<string, string>
}

const permissions = readPermissions()

let api: TestApi

beforeAll(async () => {
  api = await serveApi()
  await api.signUp('admin')
})
afterAll(() => api.stop())

/** A new one for each question, because some answers end the caller. */
async function newCaller(kind: string): Promise<{ headers?: Record<string, string> }> {
  if (kind === 'nobody') return {}
  const { id, headers } = await api.signUp(kind === 'admin' ? 'admin' : 'user')
  const { user } = api.core.database.client
  if (kind === 'inactive') await user.update({ where: { id }, data: { status: 'inactive' } })
  if (kind === 'deleted') await user.delete({ where: { id } })
  return { headers }
}

async function statusFor(kind: string, { method, path }: Permission): Promise<number> {
  const caller = await newCaller(kind)
  return (await api.ask(method, path.replace(/:\w+/g, '999999'), caller)).status
}

describe('docs/permissions.md', () => {
  it('has every route of the API', async () => {
    const routes = (await readRoutes(api)).map(({ method, template }) => `${method} ${template}`)
    const listed = permissions.map(
      ({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`,
    )
    expect(listed.toSorted()).toEqual(routes.toSorted())
  })

  it.each(permissions.map((permission) => [`${permission.method} ${permission.path}`, permission]))(
    'tells the truth about %s',
    async (_name, permission) => {
      for (const [kind, answer] of Object.entries(permission.answers)) {
        const status = await statusFor(kind, permission)
        const refused = status === 401 || status === 403
        expect([kind, refused ? String(status) : 'yes']).toEqual([kind, answer])
      }
      const isOpen = permission.answers['nobody'] === 'yes'
      if (!isOpen) expect(await statusFor('deleted', permission)).toBe(401)
    },
  )
})

function readPermissions(): Permission[] {
  const page = readFileSync(join(__dirname, '..', '..', '..', 'docs', 'permissions.md'), 'utf8')
  const [head = [], , ...rows] = page
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .map((cell) => cell.trim().replaceAll('`', ''))
        .slice(1, -1),
    )
  const [, ...kinds] = head
  return rows.map(([route = '', ...answers]) => {
    const [method = '', path = ''] = route.split(' ')
    const entries = kinds.map((kind, index) => [kind, answers[index] ?? ''] as const)
    return { method, path, answers: Object.fromEntries(entries) }
  })
}
