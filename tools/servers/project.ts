import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'

export const projectRoot = resolve(import.meta.dirname, '../..')

/** Downloads and templates, shared by every launcher and test run of this checkout. */
export const cacheFolder = join(projectRoot, '.ashlar/cache')

/** Data, logs and run files of this checkout. */
export const localFolder = join(projectRoot, '.ashlar')

export function ensureFolder(path: string) {
  mkdirSync(path, { recursive: true })
  return path
}
