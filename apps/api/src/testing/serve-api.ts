import { request, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http'
import { text } from 'node:stream/consumers'
import { authEnvironment, buildRegistration } from '@ashlar/auth/testing'
import type { Environment } from '@ashlar/core/config'
import { createHealth, createHttpServer } from '@ashlar/core/http'
import type { FeatureModule } from '@ashlar/core/module'
import { createTestCore, type TestCore } from '@ashlar/core/testing'
import { composeModules } from '@ashlar/modules'
import { loadConfig } from '@ashlar/modules/config'
import { createApp } from '../app.ts'

export interface Answer {
  /** What was asked, without the query. */
  path: string
  status: number
  headers: IncomingHttpHeaders
  text: string
}

interface Sent {
  headers?: OutgoingHttpHeaders
  /** Text goes as it is, everything else as JSON. */
  body?: object | string | undefined
}

export interface Caller {
  id: number
  username: string
  email: string
  password: string
  headers: { authorization: string }
  refreshToken: string
}

export interface TestApi extends TestCore {
  modules: readonly FeatureModule[]
  /** Sends path and headers to the letter, `Host` too. */
  ask(method: string, path: string, sent?: Sent): Promise<Answer>
  /** Somebody who has registered and logged in. */
  signUp(role?: 'user' | 'admin'): Promise<Caller>
}

/** The whole api over real HTTP, on a database of its own. */
export async function serveApi(environment: Environment = {}): Promise<TestApi> {
  const test = await createTestCore({ environment })
  const { core } = test
  const { problemBaseUrl, databaseUrl, redisUrl, smtpUrl } = core.config
  const config = loadConfig({
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    SMTP_URL: smtpUrl,
    ...authEnvironment(),
    ...environment,
  })
  const { all: modules } = composeModules(core, config)
  const health = createHealth({ checks: [], problemBaseUrl })
  const app = createApp({ core, modules, health })
  const server = createHttpServer({
    app,
    port: 0,
    problemBaseUrl,
    log: core.log,
    health,
    lingerMs: 0,
  })
  await server.start()
  return { ...test, modules, ask, signUp, stop }

  function ask(method: string, path: string, { headers, body }: Sent = {}): Promise<Answer> {
    const sent = typeof body === 'object' ? JSON.stringify(body) : body
    return new Promise((resolve, reject) => {
      request({
        port: server.port(),
        method,
        path,
        agent: false,
        headers: {
          ...(sent !== undefined && {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(sent),
          }),
          ...headers,
        },
      })
        .on('error', reject)
        .on('response', (response) => {
          text(response).then((text) => {
            const { statusCode: status = 0, headers } = response
            resolve({ path: path.replace(/\?.*$/s, ''), status, headers, text })
          }, reject)
        })
        .end(sent)
    })
  }

  async function signUp(role: 'user' | 'admin' = 'user'): Promise<Caller> {
    const account = buildRegistration()
    const registered = await ask('POST', '/api/v1/auth/register', { body: account })
    const { id } = read<{ data: { id: number } }>(registered).data
    if (role === 'admin') await core.database.client.user.update({ where: { id }, data: { role } })
    const { email, password } = account
    const answer = await ask('POST', '/api/v1/auth/login', { body: { email, password } })
    const tokens = read<{ access_token: string; refresh_token: string }>(answer)
    return {
      id,
      ...account,
      headers: { authorization: `Bearer ${tokens.access_token}` },
      refreshToken: tokens.refresh_token,
    }
  }

  async function stop(): Promise<void> {
    await server.stop(AbortSignal.timeout(2_000))
    await test.stop()
  }
}

/** What a JSON answer says. */
export const read = <T>({ text }: Answer): T => JSON.parse(text) as T

/** The faults of a 422, as `pointer code`. */
export const faultsOf = (answer: Answer): string[] =>
  (read<{ errors?: { pointer: string; code: string }[] }>(answer).errors ?? []).map(
    ({ pointer, code }) => `${pointer} ${code}`,
  )
