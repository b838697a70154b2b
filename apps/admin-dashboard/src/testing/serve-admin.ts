import { createUser, type TestAuth } from '@ashlar/auth/testing'
import { createHealth, createHttpServer } from '@ashlar/core/http'
import type { Core } from '@ashlar/core/module'
import { createAdminApp, type AdminAppDeps } from '../app.ts'

export interface TestAdmin {
  /** Where it listens, without a slash at the end. */
  url: string
  /** Asks without following redirects; a change comes from the own origin unless told otherwise. */
  ask(path: string, init?: RequestInit): Promise<Response>
  /** Sends the form as a browser does. */
  logIn(
    credentials: { email: string; password: string; code?: string },
    headers?: Record<string, string>,
  ): Promise<Response>
  stop(): Promise<void>
}

/** The dashboard over real HTTP on a free port of this machine. */
export async function serveAdmin(core: Core, modules: AdminAppDeps['modules']): Promise<TestAdmin> {
  const { config, log, redis } = core
  const { problemBaseUrl } = config
  const health = createHealth({
    problemBaseUrl,
    checks: [{ name: 'redis', required: true, check: () => redis.ping() }],
  })
  const app = createAdminApp({ core, modules, health })
  const server = createHttpServer({ app, port: 0, problemBaseUrl, log, health, lingerMs: 0 })
  await server.start()
  const url = `http://127.0.0.1:${server.port()}`
  return { url, ask, logIn, stop }

  function ask(path: string, init: RequestInit = {}): Promise<Response> {
    const origin = { origin: url }
    return fetch(`${url}${path}`, {
      redirect: 'manual',
      ...init,
      headers: { ...(init.method && origin), ...(init.headers as Record<string, string>) },
    })
  }

  function logIn(credentials: { email: string; password: string; code?: string }, headers = {}) {
    return ask('/login', {
      method: 'POST',
      body: new URLSearchParams(credentials),
      headers: { accept: 'text/html', ...headers },
    })
  }

  function stop(): Promise<void> {
    return server.stop(AbortSignal.timeout(2_000))
  }
}

/** The `name=value` of the cookie that an answer sets, as a request sends it back. */
export const cookieOf = (answer: Response): { cookie: string } => ({
  cookie: answer.headers.getSetCookie()[0]?.split(';')[0] ?? '',
})

/** What a new administrator sends after the log-in. */
export async function logInAdmin(
  { store }: Pick<TestAuth, 'store'>,
  admin: TestAdmin,
): Promise<{ cookie: string }> {
  const { user, password } = await createUser(store, { role: 'admin' })
  return cookieOf(await admin.logIn({ email: user.email, password }))
}
