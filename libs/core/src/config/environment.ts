import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'

/** Names and raw values, as a shell would show them. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * The raw configuration: the process environment wins over `.env` in `directory`; under `APP_ENV=testing`, `.env.test` wins over `.env`.
 * The only place that reads `process.env`. A missing file counts as empty; an empty value counts as unset.
 */
export function readEnvironment(directory = process.cwd()): Environment {
  const own = withoutEmpty(process.env)
  const file = readEnvFile(join(directory, '.env'))
  const appEnv = own['APP_ENV'] ?? file['APP_ENV']
  const testing = appEnv === 'testing' ? readEnvFile(join(directory, '.env.test')) : {}
  return Object.freeze({ ...file, ...testing, ...own })
}

/**
 * Hands keys that a library reads for itself (OpenTelemetry's `OTEL_*`) from the files to the process environment.
 * Keys that the process environment has already stay as they are.
 */
export function exportEnvironment(environment: Environment, prefix: string): void {
  for (const [key, value] of Object.entries(environment))
    if (key.startsWith(prefix) && value !== undefined) process.env[key] ??= value
}

function readEnvFile(path: string): Record<string, string> {
  try {
    return withoutEmpty(parseEnv(readFileSync(path, 'utf8')))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
}

function withoutEmpty(values: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string] => Boolean(entry[1])),
  )
}
