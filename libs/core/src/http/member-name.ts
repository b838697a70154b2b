import { memberNameTooLong } from './errors.ts'

/** Longer than any name that a contract has. */
const longestName = 256

/** Throws 400 for the name of a member of a body that is too long. */
export function checkMemberName(name: string): void {
  if (name.length > longestName) throw memberNameTooLong()
}
