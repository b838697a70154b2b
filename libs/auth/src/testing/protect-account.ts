import type { User } from '../repositories/user.repository.ts'
import { createAuthenticator } from './authenticator.ts'
import { signIn } from './builders.ts'
import type { TestAuth } from './start-auth.ts'

/** Gives an account a second factor over HTTP, and returns what its owner has then. */
export async function protectAccount(
  { url, clock, store }: Pick<TestAuth, 'url' | 'clock' | 'store'>,
  { user: { id, email }, password }: { user: User; password: string },
) {
  await store.users.update(id, { emailVerifiedAt: clock.now() })
  const headers = await signIn(url, { email, password })
  const { secret } = await post<{ secret: string }>('', { currentPassword: password })
  const app = createAuthenticator(secret, clock)
  const confirmed = await post<{ recoveryCodes: string[] }>('/confirm', { code: app.code() })
  // The code that confirmed is spent.
  clock.advance(60_000)
  return { headers, app, secret, ...confirmed }

  async function post<T>(path: string, body: object): Promise<T> {
    const answer = await fetch(`${url}/api/v1/auth/second-factor${path}`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (!answer.ok) throw new Error(`The second factor was refused with ${answer.status}.`)
    return ((await answer.json()) as { data: T }).data
  }
}
