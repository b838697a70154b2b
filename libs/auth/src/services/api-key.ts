import { createHash, randomBytes } from 'node:crypto'

/** Begins each key, so that people and scanners for leaked secrets can tell what it is. */
const prefix = 'ak_'

/** 256 random bits. */
export const newApiKey = (): string => prefix + randomBytes(32).toString('base64url')

export const isApiKey = (text: string): boolean => /^ak_[\w-]{43}$/.test(text)

/** What is stored. A hash without salt, because nobody can guess 256 bits. */
export const digestOfApiKey = (key: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(createHash('sha256').update(key).digest())

export const hintOfApiKey = (key: string): string => key.slice(-4)
