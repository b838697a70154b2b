import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BuildOptions, Plugin } from 'esbuild'
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
    plugins: [packagesStayOutside()],
  } satisfies BuildOptions
}

/** A folder stands for the `main.ts` in it or in its `src`. */
export function entryFile(entry: string) {
  if (entry.endsWith('.ts')) return entry
  const main = join(entry, 'main.ts')
  return existsSync(join(projectRoot, main)) ? main : join(entry, 'src/main.ts')
}

function packagesStayOutside(): Plugin {
  const own = workspaceNames()
  return {
    name: 'packages-stay-outside',
    setup(build) {
      build.onResolve({ filter: /^[^./]/ }, ({ path, kind }) => {
        if (kind === 'entry-point' || own.has(packageName(path))) return undefined
        return { path, external: true }
      })
    },
  }
}

function packageName(path: string) {
  return path
    .split('/')
    .slice(0, path.startsWith('@') ? 2 : 1)
    .join('/')
}

function workspaceNames() {
  const { workspaces } = readPackage('package.json') as { workspaces: string[] }
  const manifests = workspaces.flatMap((pattern) =>
    globSync(`${pattern}/package.json`, { cwd: projectRoot }),
  )
  return new Set(manifests.map((manifest) => readPackage(manifest).name))
}

function readPackage(path: string) {
  return JSON.parse(readFileSync(join(projectRoot, path), 'utf8')) as {
    name: string
    workspaces?: string[]
  }
}
