import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readEnvironment, type Environment } from '@ashlar/core/config'
import { MigrationError } from '@ashlar/core/db/migrations'

export interface Project {
  environment: Environment
  prismaDir: string
}

/** The folder with `prisma/`, above this program or above the working directory, unless `ASHLAR_ROOT` names it. */
export function readProject(): Project {
  const root =
    readEnvironment()['ASHLAR_ROOT'] ??
    findAbove(dirname(process.argv[1] ?? '.')) ??
    findAbove(process.cwd())
  if (!root || !isRoot(root))
    throw new MigrationError(
      `No folder prisma/migrations${root ? ` in ${root}` : ' here or above'}. Name the project's folder in ASHLAR_ROOT.`,
    )
  return { environment: readEnvironment(root), prismaDir: join(root, 'prisma') }
}

function findAbove(folder: string): string | undefined {
  if (isRoot(folder)) return folder
  const parent = dirname(folder)
  return parent === folder ? undefined : findAbove(parent)
}

const isRoot = (folder: string) => existsSync(join(folder, 'prisma', 'migrations'))
