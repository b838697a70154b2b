import { globSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { ExampleCompiler } from './example-compiler.ts'
import { blocksOf, exampleFolder, readSource, root, type Example, type Source } from './examples.ts'

/** Where names come from that an example uses without a word. */
interface Door {
  specifier: string
  /** From the root. */
  path: string
}

/**
 * The `@example` blocks of source files. Each is the body of a function in a module that imports what it names: from a door of a lib, the one
 * beside it first; from the quarry that all of them speak of; or from the file that it explains.
 */
export function jsDocExamples(
  sources: readonly Source[],
  { exportsOf }: Pick<ExampleCompiler, 'exportsOf'>,
): Example[] {
  const blocks = sources.flatMap((source) =>
    blocksOf(source, /^ *\* @example\n(.*?)(?=^ *\*(?:\/| @))/gms).map((block) => ({
      path: source.path,
      ...block,
    })),
  )
  const doors = [...readDoors(), fileDoor('tools/docs/quarry.ts')]
  const explained = new Set(blocks.map(({ path }) => path))
  const exported = exportsOf([...doors.map(({ path }) => path), ...explained])

  return blocks.map(({ path, line, code }) => ({
    source: path,
    path: join(exampleFolder, `${path.replaceAll('/', '-')}-${line}.ts`),
    text: [
      `${'\n'.repeat(line - 1)}${importsOf(code, path)}export const example = async () => {`,
      `${code.replace(/^ *\*/gm, (margin) => ' '.repeat(margin.length))}}`,
    ].join('\n'),
  }))

  /** Also of words that are no names there, or that the example declares itself: inside of the function, its own hide the others. */
  function importsOf(code: string, path: string): string {
    const beside = doors.filter((door) => path.startsWith(`${dirname(door.path)}/`))
    const places = [...beside, ...doors, fileDoor(path)]
    return [...new Set(code.match(/[A-Za-z]\w*/g))]
      .flatMap((name) => {
        const door = places.find(({ path }) => exported.get(path)?.includes(name))
        return door ? `import { ${name} } from ${JSON.stringify(door.specifier)}; ` : []
      })
      .join('')
  }
}

const fileDoor = (path: string): Door => ({ specifier: join(root, path), path })

function readDoors(): Door[] {
  return globSync('libs/*/package.json', { cwd: root }).flatMap((manifest) => {
    const { name, exports } = JSON.parse(readSource(manifest).text) as Manifest
    return Object.entries(exports).map(([door, path]) => ({
      specifier: join(name, door),
      path: join(dirname(manifest), path),
    }))
  })
}

interface Manifest {
  name: string
  exports: Record<string, string>
}
