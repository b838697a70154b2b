import type { Core } from '@ashlar/core/module'
import type { AuthConfig } from './auth.config.ts'
import { createAuthStore } from './auth.store.ts'
import { Email, Password } from './schemas/user.schema.ts'
import { createPasswordHasher } from './services/password-hasher.ts'

/**
 * Makes the first admin from `AUTH_ADMIN_EMAIL` and `AUTH_ADMIN_PASSWORD`, unless somebody has this e-mail.
 * Publishes no event: nobody registered.
 */
export async function seedAdmin(
  core: Core,
  config: AuthConfig,
): Promise<'created' | 'exists' | 'not configured'> {
  if (!config.admin) return 'not configured'
  const store = createAuthStore(core)
  const email = Email.parse(config.admin.email)
  if (await store.users.findByEmail(email)) return 'exists'
  await store.users.create({
    username: 'admin',
    email,
    passwordHash: await createPasswordHasher().hash(Password.parse(config.admin.password)),
    role: 'admin',
    emailVerifiedAt: core.clock.now(),
  })
  return 'created'
}
