import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

const root = join(__dirname, '..', '..')

/** Real files, because types are looked up for each, and what they must not say. */
const refused: [rule: string, filePath: string, text: string][] = [
  ['core imports no module', 'libs/core/src/store/index.ts', `export * from '@ashlar/auth'`],
  [
    'core imports no contract either',
    'libs/core/src/store/index.ts',
    `export * from '@ashlar/auth/contract'`,
  ],
  [
    'core does not import the composition',
    'libs/core/src/store/index.ts',
    `export * from '@ashlar/modules'`,
  ],
  [
    'a module does not import the root of another',
    'libs/auth/src/index.ts',
    `export * from '@ashlar/stones'`,
  ],
  [
    'a module imports no internals of another',
    'libs/auth/src/index.ts',
    `export * from '@ashlar/stones/src/services/stone.service.ts'`,
  ],
  [
    'a module does not import the configuration of another',
    'libs/auth/src/index.ts',
    `export * from '@ashlar/stones/config'`,
  ],
  [
    'a module does not import another later either',
    'libs/auth/src/index.ts',
    `export const stones = () => import('@ashlar/stones')`,
  ],
  [
    'a module does not require another',
    'libs/auth/src/index.ts',
    `export const stones = require('@ashlar/stones') as object`,
  ],
  ['a module imports no app', 'libs/auth/src/index.ts', `export * from '@ashlar/api'`],
  [
    'a module reaches into no app',
    'libs/auth/src/index.ts',
    `export * from '../../../apps/api/src/app.ts'`,
  ],
  [
    'the composition imports no app',
    'libs/modules/src/compose.ts',
    `export * from '../../../apps/api/src/app.ts'`,
  ],
  ['packages make no cycle', 'libs/auth/src/testing/index.ts', `export * from '@ashlar/modules'`],
  [
    'no package is entered past its doors',
    'libs/modules/src/compose.ts',
    `export * from '../../auth/src/services/auth.service.ts'`,
  ],
  [
    'an app does not import a module past the composition',
    'apps/api/src/app.ts',
    `export * from '@ashlar/auth'`,
  ],
  ['an app imports no other app', 'apps/api/src/app.ts', `export * from '@ashlar/worker'`],
  [
    'process.env is read in one file',
    'libs/auth/src/index.ts',
    `export const stone = process.env['STONE']`,
  ],
  [
    'process.env is not taken apart elsewhere',
    'apps/api/src/app.ts',
    `const { env } = process\nexport const stone = env['STONE']`,
  ],
  [
    'process.env is not imported elsewhere',
    'libs/core/src/store/index.ts',
    `export { env } from 'node:process'`,
  ],
  [
    'a client of PostgreSQL is in UTC',
    'libs/core/src/store/index.ts',
    `import { Client } from 'pg'\nexport const client = new Client()`,
  ],
  [
    'a pool of clients is in UTC',
    'apps/worker/src/worker.ts',
    `import { Pool } from 'pg'\nexport const pool = new Pool()`,
  ],
  [
    'no client is made past the rule',
    'libs/auth/src/index.ts',
    `import pg from 'pg'\nexport const client = new pg.Client()`,
  ],
]

const allowed: [rule: string, filePath: string, text: string][] = [
  [
    'a module imports the contract of another',
    'libs/auth/src/index.ts',
    `export * from '@ashlar/stones/contract'`,
  ],
  ['a module imports core', 'libs/auth/src/index.ts', `export * from '@ashlar/core/errors'`],
  [
    'the composition imports modules',
    'libs/modules/src/compose.ts',
    `export * from '@ashlar/auth'`,
  ],
  ['an app imports the composition', 'apps/api/src/app.ts', `export * from '@ashlar/modules'`],
  ['an app imports a contract', 'apps/api/src/app.ts', `export * from '@ashlar/auth/contract'`],
  [
    'one file reads process.env',
    'libs/core/src/config/environment.ts',
    `export const stone = process.env['STONE']`,
  ],
  [
    'the types of pg are free to use',
    'libs/core/src/store/index.ts',
    `import type { Pool } from 'pg'\nexport type Pools = Pool[]`,
  ],
  [
    'a test imports the testing door of another module',
    'libs/modules/src/modules.spec.ts',
    `export * from '@ashlar/auth/testing'`,
  ],
]

const boundaryRules = [
  '@nx/enforce-module-boundaries',
  'no-restricted-imports',
  'no-restricted-syntax',
  'no-restricted-properties',
  '@typescript-eslint/no-restricted-imports',
  '@typescript-eslint/no-require-imports',
]

let found: { rule: string | null; message: string }[][]

beforeAll(() => {
  const env = { ...process.env, NX_DAEMON: 'false' }
  // The rule of Nx holds nothing while its graph of the projects has not been computed.
  execFileSync(join(root, 'node_modules/.bin/nx'), ['show', 'projects'], { cwd: root, env })
  const files = [...refused, ...allowed].map(([, filePath, text]) => ({ filePath, text }))
  const printed = execFileSync(process.execPath, [join(__dirname, 'lint-texts.ts')], {
    cwd: root,
    env,
    input: JSON.stringify(files),
    encoding: 'utf8',
  })
  found = JSON.parse(printed) as typeof found
})

describe('lint refuses the opposite of this rule:', () => {
  it.each(refused.map(([rule], index) => [rule, index] as const))('%s', (_rule, index) => {
    const rules = found[index]?.map(({ rule }) => rule) ?? []
    expect(boundaryRules.filter((rule) => rules.includes(rule))).not.toEqual([])
  })
})

describe('lint allows that', () => {
  it.each(allowed.map(([rule], index) => [rule, index] as const))('%s', (_rule, index) => {
    expect(found[refused.length + index]).toEqual([])
  })
})
