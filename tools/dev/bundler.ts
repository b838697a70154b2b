import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { context, type BuildContext, type BuildFailure } from 'esbuild'
import { describeBuildFailure } from '../build/build-faults.ts'
import { bundleOptions, entryFile } from '../build/bundle-options.ts'
import { localFolder } from '../servers/project.ts'
import type { Workload } from './workloads.ts'

export interface BuildResult {
  workload: Workload
  changed: boolean
  fault?: string
}

/** Keeps a build of each process warm, and tells after each round whose code is another. */
export async function createBundler(workloads: Workload[], color: boolean) {
  const builds = await Promise.all(workloads.map(createBuild))
  let disposed: Promise<unknown> | undefined
  return { buildAll: () => Promise.all(builds.map(rebuild)), dispose }

  /** Needed before the end of this process: esbuild panics on the terminal when it is left with an open build. */
  async function dispose() {
    await (disposed ??= Promise.all(builds.map(({ build }) => build.dispose())))
  }

  async function rebuild({ workload, build, state }: Build): Promise<BuildResult> {
    try {
      const { outputFiles = [] } = await build.rebuild()
      const hash = outputFiles.map((file) => file.hash).join()
      if (hash === state.hash) return { workload, changed: false }
      state.hash = hash
      for (const file of outputFiles) {
        mkdirSync(dirname(file.path), { recursive: true })
        writeFileSync(file.path, file.contents)
      }
      return { workload, changed: true }
    } catch (error) {
      // A stop in the middle of a build: nobody waits for the result.
      if (disposed) return { workload, changed: false }
      return { workload, changed: false, fault: await describe(error) }
    }
  }

  function describe(error: unknown) {
    if (error instanceof Error && 'errors' in error)
      return describeBuildFailure(error as BuildFailure, color)
    throw error
  }
}

type Build = Awaited<ReturnType<typeof createBuild>>

async function createBuild(workload: Workload) {
  const options = bundleOptions(entryFile(workload.entry), bundleOf(workload))
  const build: BuildContext = await context({ ...options, write: false })
  return { workload, build, state: { hash: '' } }
}

export function bundleOf(workload: Workload) {
  return join(localFolder, 'run/bundles', `${workload.name}.cjs`)
}
