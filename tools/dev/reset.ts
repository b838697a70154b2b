import { existsSync } from 'node:fs'
import { relative } from 'node:path'
import { confirm } from '../db/confirm.ts'
import { ExpectedFault } from '../servers/expected-fault.ts'
import { projectRoot } from '../servers/project.ts'
import { removeFolder } from '../servers/stopping.ts'
import { embeddedData } from './embedded-servers.ts'

/** Removes the data of the embedded servers, after asking. */
export async function resetData(sure: boolean) {
  const present = embeddedData.filter((folder) => existsSync(folder))
  if (present.length === 0) return
  const names = present.map((folder) => relative(projectRoot, folder)).join(', ')
  if (!sure && !(await confirm(`Remove ${names} with everything in them?`)))
    throw new ExpectedFault('Nothing was removed. Add --yes to reset without being asked.')
  for (const folder of present) removeFolder(folder)
}
