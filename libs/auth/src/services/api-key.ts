import { randomBytes } from 'node:crypto'

/** Begins each key, so that people and scanners for leaked secrets can tell what it is. */
const prefix = 'ak_'

/** 256 random bits. */
export const newApiKey = (): string => prefix + randomBytes(32).toString('base64url')

export const isApiKey = (text: string): boolean => /^ak_[\w-]{43}$/.test(text)

export const hintOfApiKey = (key: string): string => key.slice(-4)
