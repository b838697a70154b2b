import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(__dirname, '..', '..')

/** Pages whose every `ts` block is a module that compiles as it stands. One that others import begins with its name. */
const pages = [
  'libs/core/README.md',
  'libs/auth/README.md',
  'docs/guides/test.md',
  'docs/guides/sign-in-options.md',
]

let folder: string

beforeAll(() => {
  mkdirSync(join(root, '.ashlar'), { recursive: true })
  folder = mkdtempSync(join(root, '.ashlar/examples-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('The examples in the pages', () => {
  it('are correct TypeScript against the code as it is', () => {
    const files = pages.flatMap((page) =>
      blocksOf(page).map(({ line, code }) => {
        const [, given] = /^\/\/ (\S+\.ts)\n/.exec(code) ?? []
        const name = given ?? `${page.replaceAll('/', '-')}-line-${line}.ts`
        writeFileSync(join(folder, name), `${code}\nexport {}\n`)
        return name
      }),
    )
    expect(files.length).toBeGreaterThanOrEqual(pages.length)
    expect(compile(files)).toBe('')
  })

  it('are told with page and line when they are not', () => {
    writeFileSync(join(folder, 'page-line-1.ts'), `import { on } from '@ashlar/core/db'\non()\n`)
    expect(compile(['page-line-1.ts'])).toMatch(/page-line-1\.ts\(1,10\): error TS2305/)
  })
})

function blocksOf(page: string): { line: number; code: string }[] {
  const text = readFileSync(join(root, page), 'utf8')
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(({ index, 1: code = '' }) => ({
    line: text.slice(0, index).split('\n').length + 1,
    code,
  }))
}

/** What the compiler has to say; empty when it is content. */
function compile(files: string[]): string {
  const config = {
    extends: '../../tsconfig.base.json',
    compilerOptions: {
      composite: false,
      declaration: false,
      emitDeclarationOnly: false,
      noEmit: true,
      noUnusedLocals: false,
      noUnusedParameters: false,
      types: ['node', 'jest'],
    },
    files,
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  try {
    execFileSync('tsc', ['-p', folder, '--pretty', 'false'], { cwd: folder, encoding: 'utf8' })
    return ''
  } catch (error) {
    return String((error as { stdout: string }).stdout)
  }
}
