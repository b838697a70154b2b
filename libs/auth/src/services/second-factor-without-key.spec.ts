import { randomBytes } from 'node:crypto'
import request from 'supertest'
import { parseConfig, type Environment } from '@ashlar/core/config'
import { serveModules } from '@ashlar/core/testing'
import { authConfig } from '../auth.config.ts'
import { createAuthModule } from '../auth.module.ts'
import {
  authEnvironment,
  createUser,
  protectAccount,
  startAuth,
  type TestAuth,
} from '../testing/index.ts'

let auth: TestAuth

beforeAll(async () => {
  auth = await startAuth({ AUTH_TOTP_KEY: randomBytes(32).toString('base64') })
})
afterAll(() => auth.stop())

/** The same accounts behind an api that has other keys. */
async function startOther(environment: Environment) {
  const { auth: config } = parseConfig(
    { auth: authConfig },
    { ...authEnvironment(), ...environment },
  )
  const module = createAuthModule({ core: auth.core, config })
  const { url, stop } = await serveModules(auth.core, [module])
  const logIn = (body: object) => request(url).post('/api/v1/auth/login').send(body)
  return { module, logIn, stop }
}

async function account() {
  const { user, password } = await createUser(auth.store, { emailVerifiedAt: new Date() })
  return { user, password, credentials: { email: user.email, password } }
}

const actionsOf = async (userId: number) =>
  (await auth.core.database.client.auditEntry.findMany({ where: { userId } })).map(
    ({ action }) => action,
  )

describe('without AUTH_TOTP_KEY', () => {
  it('an account with a second factor is refused, at the api and for a page, and others are not', async () => {
    const { module, logIn, stop } = await startOther({})
    const owner = await account()
    await protectAccount(auth, owner)
    const refused = await logIn(owner.credentials).expect(403)
    expect(refused.body.code).toBe('auth.second_factor_unavailable')
    const client = { device: undefined, address: '192.0.2.7' }
    await expect(module.gateway.verifyCredentials(owner.credentials, client)).rejects.toMatchObject(
      { code: 'auth.second_factor_unavailable' },
    )
    expect(await actionsOf(owner.user.id)).toContain('second_factor_refused')
    const guess = await logIn({ ...owner.credentials, password: 'another one' }).expect(401)
    expect(guess.body.code).toBe('auth.invalid_credentials')
    await logIn((await account()).credentials).expect(200)
    await stop()
  })

  it('an account that began a second factor and did not confirm it is let in', async () => {
    const { logIn, stop } = await startOther({})
    const { user, credentials } = await account()
    const secret = Uint8Array.from(randomBytes(48))
    await auth.store.secondFactors.begin(user.id, secret, new Date())
    await logIn(credentials).expect(200)
    await stop()
  })

  it('AUTH_SECOND_FACTOR_IGNORED lets all in by the password, and the audit trail tells it', async () => {
    const { logIn, stop } = await startOther({ AUTH_SECOND_FACTOR_IGNORED: 'true' })
    const owner = await account()
    await protectAccount(auth, owner)
    await logIn(owner.credentials).expect(200)
    expect(await actionsOf(owner.user.id)).toContain('second_factor_ignored')
    await stop()
  })
})
