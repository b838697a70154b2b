import type { RateLimit } from '@ashlar/core/rate-limit'

/** Whoever tries credentials has ten tries a minute from one address, on each route of its own. */
const tries = (name: string): RateLimit => ({ name, max: 10, windowMs: 60_000, by: 'address' })

export const limits = {
  register: tries('register'),
  login: tries('login'),
  refreshToken: tries('refresh-token'),
  restorePassword: tries('restore-password'),
  resetPassword: tries('reset-password'),
  verifyEmail: tries('verify-email'),
  providerStart: tries('oauth-start'),
  providerCallback: tries('oauth-callback'),
  providerToken: tries('oauth-token'),
  /** By account, not by address. */
  emailChange: { name: 'email-change', max: 10, windowMs: 60_000 },
  resendVerification: tries('verify-email-resend'),
}
