import { execFileSync } from 'node:child_process'
import { bundleIntoCache } from '../build/run-bundled.ts'
import { projectRoot } from '../servers/project.ts'

export interface Servers {
  DATABASE_URL: string
  REDIS_URL: string
}

/** Runs a measurement in a process of its own, and gives what each of its lines says. */
export function runScript<T>(script: string, args: readonly number[], servers: Servers): T[] {
  const output = execFileSync(process.execPath, [script, ...args.map(String)], {
    cwd: projectRoot,
    env: { PATH: process.env['PATH'], NODE_ENV: 'production', ...servers },
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  })
  return output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as T)
}

/** The same for one that needs code of `libs/`. */
export async function runBundledScript<T>(
  entry: string,
  args: readonly number[],
  servers: Servers,
): Promise<T[]> {
  return runScript(await bundleIntoCache(entry), args, servers)
}
