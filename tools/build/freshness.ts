import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../servers/project.ts'

/** Tells what something is generated from; kept with the result, it tells later whether that is stale. */
export function hashOf(inputs: string[], version: string) {
  const hash = createHash('sha256').update(version)
  for (const input of inputs.toSorted())
    hash.update(`\0${input}\0`).update(readFileSync(join(projectRoot, input)))
  return hash.digest('hex')
}
