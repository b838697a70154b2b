import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'

/** Names and raw values, as a shell would show them. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * The raw configuration: the process environment wins over `.env` in `directory`; under
 * `APP_ENV=testing`, `.env.test` wins over `.env`. The only place that reads `process.env`. A
 * missing file counts as empty; an empty value counts as unset; a line end behind a value does not
 * count.
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
    return withoutEmpty(parseEnv(decode(readFileSync(path))))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
}

/** As editors of any system save it: with a byte order mark, in UTF-16, with any line ends. */
function decode(bytes: Buffer): string {
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : 'utf-8'
  return new TextDecoder(encoding).decode(bytes).replaceAll(/\r\n?/g, '\n')
}

function withoutEmpty(values: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values)
      .map(([key, value = '']) => [key, value.replace(/[\r\n]+$/, '')] as const)
      .filter(([, value]) => value),
  )
}
