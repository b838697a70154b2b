import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AddressInfo, Server } from 'node:net'
import { authEnvironment, buildRegistration, signIn } from '@ashlar/auth/testing'
import { createHealth } from '@ashlar/core/http'
import { createTestCore, type TestCore } from '@ashlar/core/testing'
import { composeModules } from '@ashlar/modules'
import { loadConfig } from '@ashlar/modules/config'
import { createApp } from './app.ts'

/** One line of docs/permissions.md: what each caller gets of a route. */
interface Permission {
  method: string
  path: string
  answers: Record<string, string>
}

const permissions = readPermissions()

let test: TestCore
let server: Server
let url: string

beforeAll(async () => {
  test = await createTestCore({ environment: { RATE_LIMIT_ENABLED: 'false' } })
  const { core } = test
  const config = loadConfig({
    DATABASE_URL: core.config.databaseUrl,
    REDIS_URL: core.config.redisUrl,
    SMTP_URL: 'smtp://127.0.0.1:9',
    ...authEnvironment(),
  })
  const health = createHealth({ checks: [], problemBaseUrl: core.config.problemBaseUrl })
  const { all: modules } = composeModules(core, config)
  await new Promise<void>((resolve) => {
    server = createApp({ core, modules, health }).listen(0, () => resolve())
  })
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await newCaller('admin')
})
afterAll(async () => {
  server.close()
  await test.stop()
})

/** A new one for each question, because some answers end the caller. */
async function newCaller(kind: string): Promise<Record<string, string>> {
  if (kind === 'nobody') return {}
  const account = buildRegistration()
  await fetch(`${url}/api/v1/auth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(account),
  })
  const headers = await signIn(url, account)
  const where = { username: account.username }
  const { user } = test.core.database.client
  if (kind === 'admin') await user.updateMany({ where, data: { role: 'admin' } })
  if (kind === 'inactive') await user.updateMany({ where, data: { status: 'inactive' } })
  if (kind === 'deleted') await user.deleteMany({ where })
  return headers
}

async function statusFor(kind: string, { method, path }: Permission): Promise<number> {
  const answer = await fetch(url + path.replace(/:\w+/g, '999999'), {
    method,
    headers: await newCaller(kind),
  })
  return answer.status
}

describe('docs/permissions.md', () => {
  it('has every route that is guarded', () => {
    expect(permissions.length).toBeGreaterThan(15)
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
