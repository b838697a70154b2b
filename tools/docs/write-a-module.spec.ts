import { execFileSync } from 'node:child_process'
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { createExampleCompiler } from './example-compiler.ts'
import { blocksOf, pageExamples, readSource, root } from './examples.ts'

// A client is generated and a program of TypeScript checked, on a machine that may be busy.
jest.setTimeout(120_000)

const guide = readSource('docs/guides/write-a-module.md')
const client = 'libs/core/src/db/generated'
let folder: string

beforeAll(() => {
  mkdirSync(join(root, '.ashlar'), { recursive: true })
  folder = mkdtempSync(join(root, '.ashlar/guide-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('The module of the guide', () => {
  it('is correct TypeScript against the code as it is, with its table', () => {
    const compiler = createExampleCompiler({
      instead: generateClient(),
      packages: { '@ashlar/notes': 'libs/notes/src/index.ts' },
    })
    const examples = pageExamples(guide, 'libs/notes')
    expect(examples.map(({ path }) => path)).toContain('libs/notes/src/index.ts')
    expect(compiler.faultsOf(examples)).toEqual([])
  })

  it('stands beside those that are there', () => {
    const block = blocksOf(guide, /^```ts\n(.*?)^```$/gms).find(({ code }) =>
      code.includes('export function composeModules'),
    )
    const { text } = readSource('libs/modules/src/compose.ts')
    const list = /\[auth.*?\]/.exec(text)![0]
    const theirs = text.split('\n').filter((line) => !line.includes(list))
    expect(block!.code.split('\n')).toEqual(expect.arrayContaining(theirs))
    expect(block!.code).toContain(`= ${list.replace(']', ', notes]')}\n`)
  })
})

/** The Prisma client of a project that has the guide's table, in place of this project's. */
function generateClient(): Map<string, string> {
  const schema = join(folder, 'schema')
  cpSync(join(root, 'prisma/schema'), schema, { recursive: true })
  const main = readSource('prisma/schema/main.prisma').text.replace(`../../${client}`, '../client')
  // Otherwise it would write over the project's own.
  expect(main).toContain('"../client"')
  writeFileSync(join(schema, 'main.prisma'), main)
  const [table] = blocksOf(guide, /^```prisma\n(.*?)^```$/gms)
  writeFileSync(join(schema, 'notes.prisma'), table!.code)
  execFileSync('prisma', ['generate', '--no-hints', '--schema', schema], {
    cwd: root,
    stdio: 'pipe',
    // The generator asks for a schema engine that it does not use; any program stops the download.
    env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: '1' },
  })
  const files = globSync('**/*.ts', { cwd: join(folder, 'client') })
  return new Map(
    files.map((file) => [join(client, file), readFileSync(join(folder, 'client', file), 'utf8')]),
  )
}
