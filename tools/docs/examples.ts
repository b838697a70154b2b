import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export const root = join(__dirname, '..', '..')

/** Code that a reader finds in a page or a comment, as a module of its own. */
export interface Example {
  /** The page or file in which it stands, from the root. */
  source: string
  /** Where it is meant to be, from the root. */
  path: string
  /** On the lines, and in the columns, that it has in its source. */
  text: string
}

/** A page, or a file with comments. */
export interface Source {
  path: string
  text: string
}

export interface Block {
  /** Of its first line, from 0. */
  line: number
  code: string
  /** The paragraph before it. */
  lead: string
}

export const readSource = (path: string): Source => ({
  path,
  text: readFileSync(join(root, path), 'utf8'),
})

/** What `block` finds, with its code as the first group, which begins on its second line. */
export function blocksOf({ text }: Source, block: RegExp): Block[] {
  return [...text.matchAll(block)].map(({ index, 1: code = '' }) => ({
    line: text.slice(0, index).split('\n').length,
    code,
    lead: text.slice(0, index).trimEnd().split('\n\n').at(-1)!,
  }))
}

/** Nobody finds a file there, and packages are found from there. */
export const exampleFolder = '.ashlar/examples'

/** The `ts` blocks of a page. Each is a module as it stands. One that others import says its name in its first line, or the text before it does. */
export function pageExamples(page: Source, folder = exampleFolder): Example[] {
  return blocksOf(page, /^```ts\n(.*?)^```$/gms).map(({ line, code, lead }) => {
    const [, name] = /^\/\/ (\S+\.ts)\n/.exec(code) ?? /^`(\S+\.ts)`/.exec(lead) ?? []
    const path = name ?? `${page.path.replaceAll('/', '-')}-${line}.ts`
    return {
      source: page.path,
      path: path.startsWith('libs/') ? path : join(folder, path),
      text: `${'\n'.repeat(line)}${code}export {}\n`,
    }
  })
}
