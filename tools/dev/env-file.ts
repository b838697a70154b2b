import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { ExpectedFault } from '../servers/expected-fault.ts'
import { projectRoot } from '../servers/project.ts'

export type Environment = Record<string, string | undefined>

const file = join(projectRoot, '.env')

/** What has no default because nobody else may know it, or because it differs between machines. */
const generated: Record<string, () => string> = {
  APP_ENV: () => 'local',
  POSTGRES_PASSWORD: secret,
  AUTH_JWT_PRIVATE_KEY: signingKey,
  AUTH_ADMIN_EMAIL: () => 'admin@example.com',
  AUTH_ADMIN_PASSWORD: () => randomBytes(15).toString('base64url'),
}

const heading = `# Written by \`npm run dev\` with secrets of this machine alone; not in git. .env.example lists every key.
`

/** Makes `.env`, or adds to it the keys that it lacks; what is there stays. Returns what was written. */
export function ensureEnvFile(): { created: boolean; added: string[] } {
  const created = !existsSync(file)
  const present = parseEnv(readEnvFile())
  const added = Object.keys(generated).filter((key) => present[key] === undefined)
  const lines = added.map((key) => `${key}=${generated[key]!()}\n`).join('')
  if (created) writeFileSync(file, heading + lines, { mode: 0o600 })
  else if (lines) appendFileSync(file, startOfLine() + lines)
  return { created, added }
}

/** As the processes read it themselves: the process environment wins, and an empty value counts as unset. */
export function readEnvironment(): Environment {
  return { ...withoutEmpty(parseEnv(readEnvFile())), ...withoutEmpty(process.env) }
}

/** The numbers of the lines that say nothing: no key, no comment, no part of a value in quotes. Readers of the file pass over them. */
export function findStrayLines(): number[] {
  let quote: string | undefined
  return readEnvFile()
    .split('\n')
    .flatMap((line, index) => {
      if (quote !== undefined) {
        if (line.includes(quote)) quote = undefined
        return []
      }
      const [, value] = /^\s*(?:export\s+)?[\w.-]+\s*=\s*(.*)$/.exec(line) ?? []
      if (value === undefined) return /^\s*(?:#.*)?$/.test(line) ? [] : [index + 1]
      const [first = ''] = value
      if (/["'`]/.test(first) && !value.slice(1).includes(first)) quote = first
      return []
    })
}

/** As editors of any system save it: with or without a byte order mark, and with any line ends. */
function readEnvFile(): string {
  try {
    const text = new TextDecoder().decode(readFileSync(file)).replaceAll(/\r\n?/g, '\n')
    if (text.includes('\0')) throw new ExpectedFault('.env is not UTF-8. Save it as UTF-8.', 78)
    return text
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return ''
    if (code === 'EISDIR') throw new ExpectedFault('.env is a folder. Move it away.', 78)
    throw error
  }
}

function withoutEmpty(values: Environment) {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value))
}

function startOfLine() {
  const text = readEnvFile()
  return text === '' || text.endsWith('\n') ? '' : '\n'
}

function secret() {
  return randomBytes(36).toString('base64url')
}

function signingKey() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64')
}
