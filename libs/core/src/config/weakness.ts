import type { KeyHelp } from './define-config.ts'
import { isOwnMachine } from './own-machine.ts'

/** Returns what makes a value that is right by its form unfit for production, or undefined. */
export function findWeakness(help: KeyHelp, value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  if (/change[-_ ]?(this|me)/i.test(value)) return 'is a placeholder, which production refuses'
  if (help.secret && Buffer.byteLength(value) < 32)
    return 'is under 32 bytes, which production refuses'
  if (help.public && !isPublic(value))
    return 'must be an address with https:// that is not of this machine in production'
  return undefined
}

const isPublic = (text: string): boolean => {
  const url = URL.parse(text)
  return url?.protocol === 'https:' && !isOwnMachine(url.hostname)
}
