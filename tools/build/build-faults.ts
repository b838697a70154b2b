import { formatMessages, type BuildFailure } from 'esbuild'
import { ExpectedFault } from '../servers/expected-fault.ts'

/** What esbuild has to say, as it says it on its own command line. */
export async function describeBuildFailure(failure: Pick<BuildFailure, 'errors'>, color = false) {
  const messages = await formatMessages(failure.errors, { kind: 'error', color })
  return messages.join('').trimEnd()
}

/** Runs a build; its faults become one readable message. */
export async function building<T>(build: () => Promise<T>) {
  try {
    return await build()
  } catch (error) {
    if (!isBuildFailure(error)) throw error
    throw new ExpectedFault(await describeBuildFailure(error, process.stderr.isTTY))
  }
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && Array.isArray((error as Partial<BuildFailure>).errors)
}
