import { argon2, createHash, createHmac } from 'node:crypto'
import { promisify } from 'node:util'
import { dependencyUnavailable } from '../../errors/index.ts'
import type { KeyedRequest } from '../../idempotency/index.ts'
import { isSecretName } from '../../logging/index.ts'
import { createWorkQueue } from '../../work-queue/index.ts'
import type { ParsedInput } from '../parse-input.ts'

/** OWASP Password Storage Cheat Sheet: what a guess costs whoever reads the table. */
const cost = { memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 } as const

/** The hashes are made on threads that resolve names and read files too. */
const slowWork = createWorkQueue({
  atOnce: 2,
  longest: 100,
  refusal: () => dependencyUnavailable({ retryAfterSeconds: 2 }),
})

const hashSlowly = promisify(argon2)

/** The part of a request that tells it from others. */
export interface DigestedCall {
  request: { method: string }
  /** `POST /api/v1/stones` */
  route: string
  /** Names the owner of the key. */
  caller: () => string
  input: ParsedInput
}

/**
 * Digests of a request and of whose it is. Members that are named like secrets are no part of the
 * fast digest: anybody could guess at a password with it. They go through Argon2id instead, as the
 * password of an account does, so that a repeat with another password is another request.
 */
export async function digestCall(key: string, call: DigestedCall): Promise<KeyedRequest> {
  const { request, route, caller, input } = call
  const hash = createHash('sha256')
    .update(JSON.stringify([route, caller(), key]))
    .digest()
  const secrets: unknown[] = []
  const { params, query, body } = input
  const open = JSON.stringify([request.method, params, query, body], withoutSecrets)
  const fingerprint = createHmac('sha256', key).update(open)
  if (secrets.length > 0) fingerprint.update(await digestSecrets(secrets, hash))
  return { hash, fingerprint: fingerprint.digest() }

  function withoutSecrets(name: string, value: unknown): unknown {
    if (!isSecretName(name) || value === undefined) return writable(name, value)
    return `secret ${secrets.push(value)}`
  }
}

/** The salt is not random, because a repeat has to get the same digest; no two keys share one. */
function digestSecrets(secrets: readonly unknown[], salt: Buffer): Promise<Buffer> {
  const message = JSON.stringify(secrets, writable)
  return slowWork.run(() => hashSlowly('argon2id', { ...cost, message, nonce: salt }))
}

/** JSON has no word for a bigint. */
const writable = (_name: string, value: unknown): unknown =>
  typeof value === 'bigint' ? `${value}n` : value
