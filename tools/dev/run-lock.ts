import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { tryLock } from '../servers/file-lock.ts'
import { isRunning } from '../servers/processes.ts'
import { localFolder } from '../servers/project.ts'
import { stopInOrder, type Child } from '../servers/stopping.ts'

const lockFile = join(localFolder, 'run/launcher.lock')
export const childrenFile = join(localFolder, 'run/children.json')

/** One program at a time runs the embedded servers; `note` tells the others which. */
export function lockServers(note: string) {
  return tryLock(lockFile, note)
}

/** What a launcher left running that was killed together with its reaper. */
export async function stopLeftovers() {
  const children = readChildren().filter(isRunning)
  await stopInOrder(children)
  return children.length
}

function readChildren() {
  try {
    return JSON.parse(readFileSync(childrenFile, 'utf8')) as Child[]
  } catch {
    return []
  }
}
