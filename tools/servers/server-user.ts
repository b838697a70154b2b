import { execFileSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { ExpectedFault } from './expected-fault.ts'
import { projectRoot } from './project.ts'

/** How a server that refuses to run as root is run: as it is, as another user, or inside a user namespace. */
export interface ServerUser {
  uid?: number
  gid?: number
  prefix: string[]
}

/**
 * PostgreSQL does not run as root. Root therefore runs it as the owner of the checkout, else as `postgres`, else
 * as `nobody`; and where none of them may enter the folder (a checkout below /root, say), in a user namespace,
 * where we keep our rights on files and yet are not called root.
 */
export function chooseServerUser(binary: string): ServerUser {
  if (process.getuid?.() !== 0) return { prefix: [] }
  const users: ServerUser[] = [...usersInQuestion().map((user) => ({ ...user, prefix: [] }))]
  const namespace = ['unshare', '--user', '--map-user=65534', '--map-group=65534', '--']
  const found = [...users, { prefix: namespace }].find((user) => canRun(binary, user))
  if (found) return found
  throw new ExpectedFault(
    `PostgreSQL does not run as root, and no other user may enter ${projectRoot}. ` +
      'Move the checkout to a folder that others may enter, or work as an ordinary user.',
  )
}

function usersInQuestion() {
  const known = readUsers()
  const owner = known.find((user) => user.uid === statSync(projectRoot).uid && user.uid !== 0)
  const named = ['postgres', 'nobody'].map((name) => known.find((user) => user.name === name))
  return [owner, ...named].flatMap((user) => (user ? [{ uid: user.uid, gid: user.gid }] : []))
}

function readUsers() {
  try {
    return readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .map((line) => line.split(':'))
      .filter((fields) => fields.length > 3)
      .map(([name, , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
  } catch {
    return []
  }
}

function canRun(binary: string, { uid, gid, prefix }: ServerUser) {
  const [command, ...args] = [...prefix, binary, '--version']
  try {
    execFileSync(command, args, { stdio: 'ignore', timeout: 5000, uid, gid })
    return true
  } catch {
    return false
  }
}
