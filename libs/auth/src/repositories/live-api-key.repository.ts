import { createBatchedLookup, type Database } from '@ashlar/core/db'
import { userColumns, type AuthenticatedUser } from './authenticated-user.ts'

export interface LiveApiKey {
  id: string
  scopes: string[]
  expiresAt: Date
  lastUsedAt: Date | null
  user: AuthenticatedUser
}

interface Row extends AuthenticatedUser {
  hash: Buffer
  keyId: string
  scopes: string[]
  expiresAt: Date
  lastUsedAt: Date | null
}

const findByHashes = {
  name: 'auth_live_api_keys',
  text: `SELECT k.hash, k.id AS "keyId", k.scopes, k.expires_at AS "expiresAt", k.last_used_at AS "lastUsedAt", ${userColumns}
    FROM api_key k JOIN "user" u ON u.id = k.user_id
    WHERE k.hash = ANY(SELECT decode(hex, 'hex') FROM unnest($1::text[]) hex)
      AND u.status = 'active' AND u.deleted_at IS NULL`,
}

export type LiveApiKeyRepository = ReturnType<typeof createLiveApiKeyRepository>

/** What every request with an API key reads, those of one turn of the event loop in one statement. Never in a transaction. */
export function createLiveApiKeyRepository({ read }: Pick<Database, 'read'>) {
  const findByHash = createBatchedLookup(async (hashes: string[]) => {
    const rows = await read<Row>(findByHashes, [hashes])
    return new Map(rows.map((row) => [row.hash.toString('hex'), toLiveApiKey(row)]))
  })
  return { find }

  /** By the digest of the key. Null if it was deleted, expired, or its user is not active. */
  async function find(hash: Uint8Array, now: Date): Promise<LiveApiKey | null> {
    const key = await findByHash(Buffer.from(hash).toString('hex'))
    return key && key.expiresAt > now ? key : null
  }
}

function toLiveApiKey({ hash: _, keyId, scopes, expiresAt, lastUsedAt, ...user }: Row): LiveApiKey {
  return { id: keyId, scopes, expiresAt, lastUsedAt, user }
}
