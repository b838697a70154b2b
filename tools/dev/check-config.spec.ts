import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(__dirname, '..', '..')
const bundle = join(root, '.ashlar', 'cache', 'specs', 'check-config.cjs')

it('the configuration of all modules is read without the rest of core, so that each start looks at it at once', () => {
  const build = ['tools/build/build.ts', 'tools/dev/check-config.ts', bundle]
  execFileSync(process.execPath, build, { cwd: root })
  const { sources } = JSON.parse(readFileSync(`${bundle}.map`, 'utf8')) as { sources: string[] }
  const rooms = sources.flatMap((path) => /libs\/core\/src\/([\w-]+)\//.exec(path)?.[1] ?? [])
  expect([...new Set(rooms)].sort()).toEqual(['config', 'schema'])
})
