import { existsSync, statfsSync } from 'node:fs'
import { ExpectedFault } from '../servers/expected-fault.ts'
import { localFolder } from '../servers/project.ts'

const megabyte = 1024 * 1024

/** A server that runs out of space says so in its own words, or not at all; better to look first. */
export function refuseFullDisk() {
  const { bavail, bsize } = statfsSync(localFolder)
  const free = Math.floor((bavail * bsize) / megabyte)
  const needed = existsSync(`${localFolder}/postgres`) ? 50 : 200
  if (free >= needed) return
  throw new ExpectedFault(
    `No space left on the disk: ${free} MB are free for ${localFolder}, and ${needed} MB are needed.`,
  )
}
