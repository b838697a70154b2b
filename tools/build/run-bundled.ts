import { spawn, type StdioOptions } from 'node:child_process'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { build, type OutputFile } from 'esbuild'
import { cacheFolder, projectRoot } from '../servers/project.ts'
import { building } from './build-faults.ts'
import { bundleOptions, entryFile } from './bundle-options.ts'

/** Bundles a TypeScript entry into the cache, where it finds the packages of the checkout. */
export async function bundleIntoCache(entry: string) {
  const name = entryFile(entry).replace(/\.ts$/, '').replaceAll('/', '-')
  const outfile = join(cacheFolder, 'bundles', `${name}.cjs`)
  const { outputFiles } = await building(() =>
    build({ ...bundleOptions(entryFile(entry), outfile), write: false }),
  )
  for (const file of outputFiles) replace(file)
  return outfile
}

export interface RunOptions {
  stdio?: StdioOptions
  signal?: AbortSignal
}

/** Runs a TypeScript entry that needs code of `libs/`; returns its exit code and, with piped output, what it said. */
export async function runBundled(
  entry: string,
  args: string[] = [],
  env: NodeJS.ProcessEnv = process.env,
  { stdio = 'inherit', signal }: RunOptions = {},
) {
  const bundle = await bundleIntoCache(entry)
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve, reject) => {
    const child = spawn(process.execPath, ['--enable-source-maps', bundle, ...args], {
      stdio,
      cwd: projectRoot,
      env: { ...env, NODE_COMPILE_CACHE: join(cacheFolder, 'compile') },
      signal,
    })
    const output = { stdout: '', stderr: '' }
    child.stdout?.setEncoding('utf8').on('data', (text) => (output.stdout += text))
    child.stderr?.setEncoding('utf8').on('data', (text) => (output.stderr += text))
    child.once('error', reject)
    child.once('close', (code) => resolve({ code: code ?? 1, ...output }))
  })
}

/** In one step, for another process may be about to run the same bundle; and only if it is new. */
function replace({ path, contents }: OutputFile) {
  if (isSame(path, contents)) return
  mkdirSync(dirname(path), { recursive: true })
  const draft = join(dirname(path), `.${basename(path)}.${process.pid}`)
  writeFileSync(draft, contents)
  renameSync(draft, path)
}

function isSame(path: string, contents: Uint8Array) {
  try {
    return readFileSync(path).equals(contents)
  } catch {
    return false
  }
}
