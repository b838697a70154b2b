import { randomBytes } from 'node:crypto'
import { AppError } from '@ashlar/core/errors'
import type { Core } from '@ashlar/core/module'
import type { AuthConfig } from './auth.config.ts'
import { emailTaken, usernameTaken } from './auth.errors.ts'
import { createAuthStore, type AuthStore } from './auth.store.ts'
import { Password } from './schemas/password.schema.ts'
import { Email } from './schemas/user.schema.ts'
import { createPasswordHasher } from './services/password-hasher.ts'

/** `had one`: there is or was an administrator. `e-mail taken`: another account has the address. */
export type SeedOutcome = 'created' | 'had one' | 'e-mail taken' | 'not configured'

/**
 * Makes the first admin from `AUTH_ADMIN_EMAIL` and `AUTH_ADMIN_PASSWORD`, once in the life of a
 * database: not after that account was deleted, demoted, purged or got another e-mail. May run any
 * number of times, also at once. Publishes no event, because nobody registered.
 */
export async function seedAdmin(core: Core, config: AuthConfig): Promise<SeedOutcome> {
  if (!config.admin) return 'not configured'
  const store = createAuthStore(core)
  if (await store.firstAdmin.isMarked()) return 'had one'
  const email = Email.parse(config.admin.email)
  const passwordHash = await createPasswordHasher(config.passwords).hash(
    Password.parse(config.admin.password),
  )
  const make = (username: string) =>
    store.transaction((store) => makeOnce(store, { username, email, passwordHash }))
  try {
    return await make('admin').catch((error: unknown) => {
      if (!isOf(usernameTaken, error)) throw error
      return make(`admin-${randomBytes(4).toString('hex')}`)
    })
  } catch (error) {
    if (isOf(emailTaken, error)) return 'e-mail taken'
    throw error
  }

  async function makeOnce(store: AuthStore, account: NewAdmin): Promise<SeedOutcome> {
    const at = core.clock.now()
    // First, so that another seed waits here, and finds the mark.
    if (!(await store.firstAdmin.mark(at))) return 'had one'
    if (await store.users.hasOrHadAdmin()) return 'had one'
    const { id } = await store.users.create({ ...account, role: 'admin', emailVerifiedAt: at })
    const client = { device: undefined, address: undefined }
    await store.audit.record({ action: 'admin_seeded', userId: id, client, at })
    return 'created'
  }
}

interface NewAdmin {
  username: string
  email: string
  passwordHash: string
}

const isOf = ({ code }: { code: string }, error: unknown) =>
  error instanceof AppError && error.code === code
