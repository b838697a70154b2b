import { createHash } from 'node:crypto'

/** What is stored of a secret with many random bits, and what it is found by: SHA-256, without salt, because nobody can guess so many. */
export const digestOf = (secret: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(createHash('sha256').update(secret).digest())
