import { Secret, TOTP } from 'otpauth'
import type { Clock } from '@ashlar/core/module'

/** An authenticator app that was given this secret, by the same clock as the server. */
export function createAuthenticator(base32: string, clock: Clock) {
  const totp = new TOTP({ secret: Secret.fromBase32(base32) })
  return {
    /** The code of now, or of so many half minutes later. */
    code: (later = 0): string =>
      totp.generate({ timestamp: clock.now().getTime() + later * 30_000 }),
  }
}
