import { randomBytes } from 'node:crypto'
import type { AuthStore } from '../auth.store.ts'
import type { User } from '../repositories/user.repository.ts'
import type { RegisterBody } from '../schemas/auth.schema.ts'
import { createPasswordHasher } from '../services/password-hasher.ts'

const passwords = createPasswordHasher({
  memoryKib: 19_456,
  passes: 2,
  lanes: 1,
  atOnce: 2,
  queue: 1_000,
})

/** A body that registers, different at every call. */
export function buildRegistration(values: Partial<RegisterBody> = {}): RegisterBody {
  const name = `mason-${randomBytes(5).toString('hex')}`
  return {
    username: name,
    email: `${name}@example.com`,
    password: randomBytes(12).toString('base64url'),
    ...values,
  }
}

interface NewTestUser extends Partial<RegisterBody> {
  role?: 'user' | 'admin'
  emailVerifiedAt?: Date
}

/** A stored user, and the password that only the test knows. */
export async function createUser(
  store: AuthStore,
  { role = 'user', emailVerifiedAt, ...values }: NewTestUser = {},
): Promise<{ user: User; password: string }> {
  const { username, email, password } = buildRegistration(values)
  const passwordHash = await passwords.hash(password)
  const account = {
    username,
    email,
    passwordHash,
    role,
    ...(emailVerifiedAt && { emailVerifiedAt }),
  }
  return { user: await store.users.create(account), password }
}

/** Logs in over HTTP and gives the header of a signed-in request. */
export async function signIn(
  url: string,
  { email, password }: { email: string; password: string },
): Promise<{ authorization: string }> {
  const answer = await fetch(`${url}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  })
  if (!answer.ok) throw new Error(`The log-in was refused with ${answer.status}.`)
  const { access_token: token } = (await answer.json()) as { access_token: string }
  return { authorization: `Bearer ${token}` }
}

/** The token in the link of a mail. */
export function tokenFrom({ text }: { text: string }): string {
  const [, token] = /[?&]token=([\w-]+)$/m.exec(text) ?? []
  if (token === undefined) throw new Error('The mail has no link with a token.')
  return token
}
