import { randomBytes } from 'node:crypto'

const longestStem = 40

/** More of a name cannot show in the stem, whatever is left out of it. */
const longestName = 400

/**
 * A username made of somebody's public name elsewhere: as it is for the first try, with a random end for later ones. Never of the e-mail
 * address, because everybody who is signed in sees usernames.
 */
export function usernameFrom(name: string | undefined, attempt: number): string {
  const stem = (name ?? '')
    .slice(0, longestName)
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^A-Za-z0-9_.-]+/g, '-')
    .replace(/^[-_.]+/, '')
    .slice(0, longestStem)
    .replace(/[-_.]+$/, '')
  const end = randomBytes(4).toString('hex')
  if (stem.length < 3) return `user-${end}`
  return attempt === 0 ? stem : `${stem}-${end}`
}
