import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createHealth } from '@ashlar/core/http'
import { createLogger } from '@ashlar/core/logging'
import { createCore } from '@ashlar/core/module'
import { composeModules } from '@ashlar/modules'
import { loadConfig } from '@ashlar/modules/config'
import { createApp } from './app.ts'

interface ApiDocument {
  paths: Record<string, Record<string, { security: object[]; responses: Record<string, object> }>>
  components: { securitySchemes: Record<string, object> }
  'x-problems': { code: string }[]
}

describe('the API of all modules', () => {
  let url: string
  let stop: () => Promise<void>
  beforeAll(async () => {
    ;({ url, stop } = await serveApi('testing'))
  })
  afterAll(() => stop())

  it('is described by one document, with every route, its guard and its problems', async () => {
    const document = (await (await fetch(`${url}/openapi.json`)).json()) as ApiDocument
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining(['/api/v1/auth/register', '/api/v1/auth/login', '/api/v1/profile']),
    )
    const register = document.paths['/api/v1/auth/register']?.['post']
    expect(Object.keys(register?.responses ?? {})).toEqual(
      expect.arrayContaining(['201', '400', '403', '409', '413', '415', '422', '500', '503']),
    )
    expect(register?.security).toEqual([])
    expect(document.paths['/api/v1/profile']?.['get']?.security).toEqual([
      { bearer: [] },
      { password: [] },
    ])
    expect(document.components.securitySchemes['password']).toMatchObject({
      flows: { password: { tokenUrl: '/api/v1/auth/login' } },
    })
    expect(document['x-problems'].map(({ code }) => code)).toEqual(
      expect.arrayContaining(['auth.email_taken', 'request.validation_failed']),
    )
  })

  it('asks who is there before it looks at the rest, and shows no metrics', async () => {
    const profile = await fetch(`${url}/api/v1/profile?unknown=1`)
    expect(profile.status).toBe(401)
    expect(profile.headers.get('www-authenticate')).toBe('Bearer')
    expect((await fetch(`${url}/metrics`)).status).toBe(404)
  })

  it('points at every fault of a registration and repeats nothing of it', async () => {
    const response = await fetch(`${url}/api/v1/auth/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'x y', email: 'nobody', password: 's3cret', role: 'admin' }),
    })
    expect(response.status).toBe(422)
    const text = await response.text()
    expect(text).not.toMatch(/s3cret|nobody|x y/)
    const { errors } = JSON.parse(text) as { errors: { pointer: string }[] }
    expect(errors.map(({ pointer }) => pointer)).toEqual([
      '/body/username',
      '/body/email',
      '/body/password',
      '/body/role',
    ])
  })
})

describe('the preview of mails', () => {
  it.each([
    ['local', 200],
    ['testing', 404],
    ['staging', 404],
    ['production', 404],
  ])('is for the machine of a developer only: %s', async (appEnv, status) => {
    const { url, stop } = await serveApi(appEnv)
    expect((await fetch(`${url}/dev/mails/auth.welcome`)).status).toBe(status)
    await stop()
  })

  it('has every mail of every module', async () => {
    const { url, stop } = await serveApi('local')
    const list = await (await fetch(`${url}/dev/mails`)).text()
    const paths = [...list.matchAll(/href="([^"]+)"/g)].map(([, path]) => path ?? '')
    const mails = paths.filter((path) => path.startsWith('/dev/'))
    expect(mails.length).toBeGreaterThan(5)
    for (const path of mails)
      for (const part of ['', '/html', '/text'])
        expect([path + part, (await fetch(url + path + part)).status]).toEqual([path + part, 200])
    await stop()
  })
})

async function serveApi(appEnv: string) {
  const appUrl = appEnv === 'production' ? { APP_URL: 'https://api.example.com' } : {}
  const config = loadConfig({ ...environment(), ...appUrl, APP_ENV: appEnv })
  const log = createLogger({ name: 'api', config: { logLevel: 'silent' } })
  const core = createCore({ process: 'api', config: config.core, log })
  const { all: modules } = composeModules(core, config)
  const health = createHealth({ checks: [], problemBaseUrl: config.core.problemBaseUrl })
  const server = createApp({ core, modules, health }).listen(0)
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.close()
      await core.database.close()
      core.mailer.close()
    },
  }
}

/** Nothing listens at these addresses: this app is only asked what it can answer alone. */
function environment() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return {
    DATABASE_URL: 'postgresql://ashlar:ashlar@127.0.0.1:1/ashlar_test',
    REDIS_URL: 'redis://127.0.0.1:1',
    SMTP_URL: 'smtp://127.0.0.1:1',
    AUTH_JWT_PRIVATE_KEY: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
  }
}
