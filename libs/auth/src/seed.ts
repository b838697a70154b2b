import { randomBytes } from 'node:crypto'
import { AppError } from '@ashlar/core/errors'
import type { Core } from '@ashlar/core/module'
import type { AuthConfig } from './auth.config.ts'
import { emailTaken, usernameTaken } from './auth.errors.ts'
import { createAuthStore } from './auth.store.ts'
import { Password } from './schemas/password.schema.ts'
import { Email } from './schemas/user.schema.ts'
import { createPasswordHasher } from './services/password-hasher.ts'

/**
 * Makes the first admin from `AUTH_ADMIN_EMAIL` and `AUTH_ADMIN_PASSWORD`, unless somebody has this e-mail. May run any number of times,
 * also at once. Publishes no event: nobody registered.
 */
export async function seedAdmin(
  core: Core,
  config: AuthConfig,
): Promise<'created' | 'exists' | 'not configured'> {
  if (!config.admin) return 'not configured'
  const { users } = createAuthStore(core)
  const email = Email.parse(config.admin.email)
  if (await users.findByEmail(email)) return 'exists'
  const passwordHash = await createPasswordHasher(config.passwords).hash(
    Password.parse(config.admin.password),
  )
  try {
    await create('admin').catch((error: unknown) => {
      if (!isOf(usernameTaken, error)) throw error
      return create(`admin-${randomBytes(4).toString('hex')}`)
    })
    return 'created'
  } catch (error) {
    if (isOf(emailTaken, error)) return 'exists'
    throw error
  }

  function create(username: string) {
    const emailVerifiedAt = core.clock.now()
    return users.create({ username, email, passwordHash, role: 'admin', emailVerifiedAt })
  }
}

const isOf = ({ code }: { code: string }, error: unknown) =>
  error instanceof AppError && error.code === code
