import { stop as stopEsbuild } from 'esbuild'
import { dismissReaper } from '../servers/reaper.ts'

/** Ends this process after its last helpers, which in a container without an init would stay as zombies. */
export async function leave(): Promise<never> {
  await Promise.all([dismissReaper(), stopEsbuild()])
  process.exit()
}
