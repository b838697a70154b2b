import { globSync } from 'node:fs'
import { createExampleCompiler } from './example-compiler.ts'
import { pageExamples, readSource, root } from './examples.ts'
import { jsDocExamples } from './jsdoc-examples.ts'

// Two programs of TypeScript, on a machine that may be busy.
jest.setTimeout(120_000)

const compiler = createExampleCompiler()

describe('The examples in the pages', () => {
  const pages = globSync(['libs/*/README.md', 'docs/guides/*.md'], { cwd: root })
    // It has a table of its own: write-a-module.spec.ts.
    .filter((path) => path !== 'docs/guides/write-a-module.md')
    .map(readSource)

  it('are correct TypeScript against the code as it is', () => {
    const examples = pages.flatMap((page) => pageExamples(page))
    expect(examples).toHaveLength(countOf(/^ *```ts/gm, pages))
    expect(compiler.faultsOf(examples)).toEqual([])
  })

  it('are told with page and line when they are not', () => {
    const text = `# Page\n\n\`\`\`ts\nimport { on } from '@ashlar/core/db'\non()\n\`\`\`\n`
    expect(compiler.faultsOf(pageExamples({ path: 'docs/page.md', text }))).toEqual([
      expect.stringMatching(/^docs\/page\.md\(4,10\): error TS2305: .* no exported member 'on'/),
    ])
  })
})

describe('The examples in JSDoc', () => {
  const sources = globSync('libs/**/*.ts', { cwd: root })
    .filter((path) => !/\/(node_modules|generated)\/|\.spec\.ts$/.test(path))
    .map(readSource)

  it('are correct TypeScript against the code as it is', () => {
    const examples = jsDocExamples(sources, compiler)
    expect(examples).toHaveLength(countOf(/@example\s/g, sources))
    expect(compiler.faultsOf(examples)).toEqual([])
  })

  it('are told with file and line when they are not', () => {
    const path = 'libs/core/src/queue/task.ts'
    const text = '/**\n * @example\n * handle(countStones)\n * handled(countStones)\n */\n'
    expect(compiler.faultsOf(jsDocExamples([{ path, text }], compiler))).toEqual([
      expect.stringContaining(`${path}(3,4): error TS2554: Expected 2-3 arguments, but got 1.`),
      expect.stringContaining(`${path}(4,4): error TS2552: Cannot find name 'handled'.`),
    ])
  })
})

const countOf = (pattern: RegExp, sources: { text: string }[]) =>
  sources.reduce((count, { text }) => count + (text.match(pattern)?.length ?? 0), 0)
