import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BuildOptions } from 'esbuild'
import { projectRoot } from '../servers/project.ts'

/**
 * The one set of options for everything that is bundled: our own code becomes one CommonJS file, packages stay
 * outside (bundled, they lose their instrumentation; as ES modules, too).
 */
export function bundleOptions(entry: string, outfile: string) {
  return {
    absWorkingDir: projectRoot,
    entryPoints: [entry],
    outfile,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node24',
    sourcemap: 'linked',
    // Stacks name our files; the text of them is in the image only once, as code.
    sourcesContent: false,
    logLevel: 'silent',
    external: packagesOfOthers(),
  } satisfies BuildOptions
}

/** A folder stands for the `main.ts` in it or in its `src`. */
export function entryFile(entry: string) {
  if (entry.endsWith('.ts')) return entry
  const main = join(entry, 'main.ts')
  return existsSync(join(projectRoot, main)) ? main : join(entry, 'src/main.ts')
}

/** Every package that a workspace declares, and what is inside it. */
function packagesOfOthers() {
  const { workspaces, ...root } = readManifest('package.json')
  const manifests = (workspaces ?? []).flatMap((pattern) =>
    globSync(`${pattern}/package.json`, { cwd: projectRoot }).map(readManifest),
  )
  const own = new Set(manifests.map(({ name }) => name))
  const names = [root, ...manifests].flatMap(({ dependencies, devDependencies }) =>
    Object.keys({ ...dependencies, ...devDependencies }),
  )
  return [...new Set(names)].filter((name) => !own.has(name)).flatMap((name) => [name, `${name}/*`])
}

interface Manifest {
  name: string
  workspaces?: string[]
  dependencies?: Record<string, string>
  devDependencies?: Record<string, string>
}

function readManifest(path: string) {
  return JSON.parse(readFileSync(join(projectRoot, path), 'utf8')) as Manifest
}
