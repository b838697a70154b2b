import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(__dirname, '..', '..')
const snapshot = join(root, 'docs/openapi.json')

interface Operation {
  operationId: string
  responses: Record<string, unknown>
}

interface Document {
  paths: Record<string, Record<string, Operation>>
  tags: { name: string; description?: string }[]
}

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'openapi-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('docs/openapi.json', () => {
  it('is valid OpenAPI 3.1 and breaks no rule of the linter', () => {
    expect(lint(snapshot)).toEqual({ status: 0, faults: [] })
  })

  it.each<[string, string, (document: Document) => void]>([
    ['a tag without a description', 'tag-description', ({ tags }) => delete tags[0]!.description],
    [
      'an operation without answers',
      'operation-2xx-response',
      (document) => (operationsOf(document)[0]!.responses = {}),
    ],
    [
      'two operations of one name',
      'operation-operationId-unique',
      (document) =>
        (operationsOf(document)[0]!.operationId = operationsOf(document)[1]!.operationId),
    ],
  ])('would be refused with %s', (_what, rule, spoil) => {
    const document = JSON.parse(readFileSync(snapshot, 'utf8')) as Document
    spoil(document)
    const path = join(folder, 'spoiled.json')
    writeFileSync(path, JSON.stringify(document))
    const { status, faults } = lint(path)
    expect(status).toBe(1)
    expect(faults.some((fault) => fault.startsWith(rule))).toBe(true)
  })
})

const operationsOf = ({ paths }: Document): Operation[] =>
  Object.values(paths).flatMap((methods) => Object.values(methods))

/** In a process of its own, because the linter is an ES module and Jest runs CommonJS. */
function lint(path: string): { status: number | null; faults: string[] } {
  const { status, stdout, stderr } = spawnSync('node', ['tools/docs/lint-openapi.ts', path], {
    cwd: root,
    encoding: 'utf8',
  })
  return { status, faults: `${stdout}${stderr}`.split('\n').filter(Boolean) }
}
