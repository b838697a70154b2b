import {
  createPublicKey,
  generateKeyPairSync,
  hash,
  randomUUID,
  sign,
  type KeyObject,
} from 'node:crypto'
import { Client } from 'pg'

const users = 10_000
const sessions = 256

export interface Population {
  privateKey: string
  tokens: string[]
}

/** 10,000 users, 8,000 of them active, and a live session with its access token for 256 of the active. `migrate` gets the signing key. */
export async function populate(
  databaseUrl: string,
  migrate: (privateKey: string) => void,
): Promise<Population> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const encodedKey = privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64')
  migrate(encodedKey)
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  await client.query(
    `INSERT INTO "user" (username, email, status, created_at)
     SELECT 'user' || n, 'user' || n || '@example.com',
            (CASE WHEN n % 5 = 0 THEN 'inactive' ELSE 'active' END)::"UserStatus", now() - n * interval '1 minute'
     FROM generate_series(1, $1::int) n`,
    [users],
  )
  const { rows } = await client.query<{ userId: number; sessionId: string }>(
    `INSERT INTO session (id, user_id, refresh_token_hash, expires_at)
     SELECT gen_random_uuid(), id, sha256(username::bytea), now() + interval '7 days'
     FROM (SELECT id, username FROM "user" WHERE status = 'active' AND username LIKE 'user%' ORDER BY id LIMIT $1) owner
     RETURNING user_id AS "userId", id AS "sessionId"`,
    [sessions],
  )
  await client.query('VACUUM ANALYZE')
  await client.end()
  return {
    privateKey: encodedKey,
    tokens: rows.map(({ userId, sessionId }) => createToken(privateKey, userId, sessionId)),
  }
}

function createToken(key: KeyObject, userId: number, sessionId: string): string {
  const iat = Math.floor(Date.now() / 1_000)
  const claims = {
    iss: 'http://localhost:3000',
    aud: 'ashlar',
    sub: String(userId),
    sid: sessionId,
    iat,
    exp: iat + 86_400,
    jti: randomUUID(),
  }
  const signed = `${encode({ alg: 'ES256', typ: 'JWT', kid: thumbprint(key) })}.${encode(claims)}`
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' })
  return `${signed}.${signature.toString('base64url')}`
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

/** RFC 7638. */
function thumbprint(key: KeyObject): string {
  const { crv, kty, x, y } = createPublicKey(key).export({ format: 'jwk' })
  return hash('sha256', JSON.stringify({ crv, kty, x, y }), 'base64url')
}
