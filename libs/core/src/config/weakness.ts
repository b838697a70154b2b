import { isPublicAddress } from './own-machine.ts'

/** The part of a key's help that decides. */
interface Sensitivity {
  secret?: boolean
  public?: boolean
}

/** Returns what makes a value that is right by its form unfit for production, or undefined. */
export function findWeakness(help: Sensitivity, value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  if (/change[-_ ]?(this|me)/i.test(value)) return 'is a placeholder, which production refuses'
  if (help.secret && Buffer.byteLength(value) < 32)
    return 'is under 32 bytes, which production refuses'
  if (help.public && !isPublicAddress(value))
    return 'must be an address with https:// that is not of this machine in production'
  return undefined
}
