import { seedAdmin, type SeedOutcome } from '@ashlar/auth/seed'
import { createCore } from '@ashlar/core/module'
import type { AppConfig } from '@ashlar/modules/config'

/**
 * Puts into a migrated database what the application cannot do without. Runs at every deployment and every `npm run dev`, so each
 * step finds out for itself whether it has been done. Returns a line for each.
 */
export async function seed(config: AppConfig): Promise<string[]> {
  const core = createCore({ process: 'seed', config: { ...config.core, logLevel: 'warn' } })
  await core.lifecycle.start()
  try {
    return [describe(await seedAdmin(core, config.auth), config.auth.admin?.email)]
  } finally {
    await core.lifecycle.stop()
  }
}

function describe(outcome: SeedOutcome, email = ''): string {
  switch (outcome) {
    case 'created':
      return `Made the first admin ${email}, with the password of AUTH_ADMIN_PASSWORD.`
    case 'had one':
      return 'No admin made: there is or was one already, and AUTH_ADMIN_EMAIL counts once.'
    case 'e-mail taken':
      return `No admin made: ${email} has an account that is no admin. Set another AUTH_ADMIN_EMAIL.`
    case 'not configured':
      return 'No admin made: that takes both AUTH_ADMIN_EMAIL and AUTH_ADMIN_PASSWORD.'
  }
}
