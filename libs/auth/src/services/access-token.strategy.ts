import { z } from 'zod'
import { ExtractJwt, Strategy } from 'passport-jwt'
import type { Clock } from '@ashlar/core/module'
import type { AuthStore } from '../auth.store.ts'
import type { SigningKey } from './signing-key.ts'

const allowedSkewSeconds = 30

/** Claims that passport-jwt does not insist on by itself. */
const Claims = z.object({
  sub: z.string().regex(/^[1-9]\d{0,9}$/),
  sid: z.uuid(),
  jti: z.string().min(1),
  iat: z.int(),
  exp: z.int(),
})

export interface AccessTokenStrategyDeps {
  store: AuthStore
  signingKey: SigningKey
  issuer: string
  audience: string
  clock: Clock
}

/** A bearer token whose signature, claims and session are all good gives `{ user, sessionId }`; anything else fails alike. */
export function createAccessTokenStrategy(deps: AccessTokenStrategyDeps) {
  const { store, signingKey, issuer, audience, clock } = deps
  // A key object, which needs no parsing at each request; only the types of passport-jwt do not know it.
  const publicKey = signingKey.publicKey as unknown as Buffer
  return new Strategy(
    {
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      secretOrKeyProvider: (_request, token: string, done) =>
        done(null, isSignedWith(signingKey, token) ? publicKey : undefined),
      algorithms: ['ES256'],
      issuer,
      audience,
      jsonWebTokenOptions: { clockTolerance: allowedSkewSeconds },
    },
    (payload: unknown, done) => {
      findCaller(payload).then(
        (caller) => done(null, caller ?? false),
        (error: unknown) => done(error, false),
      )
    },
  )

  async function findCaller(payload: unknown) {
    const claims = Claims.safeParse(payload)
    if (!claims.success) return null
    const { sub, sid, iat } = claims.data
    const now = clock.now()
    if (iat > now.getTime() / 1_000 + allowedSkewSeconds) return null
    const session = await store.sessions.findLiveWithUser(sid, now)
    if (!session || String(session.userId) !== sub) return null
    return { user: session.user, sessionId: session.id }
  }
}

/** Only our own header is looked up: its `kid`, and no extension that would have to be understood (`crit`, RFC 7515 §4.1.11). */
function isSignedWith({ kid }: SigningKey, token: string): boolean {
  try {
    const [head = '', , , ...more] = token.split('.')
    const header: unknown = JSON.parse(Buffer.from(head, 'base64url').toString('utf8'))
    const known = z.object({ kid: z.literal(kid), crit: z.undefined().optional() })
    return more.length === 0 && known.safeParse(header).success
  } catch {
    return false
  }
}
