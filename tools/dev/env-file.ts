import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
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
  const present = created ? {} : parseEnv(readFileSync(file, 'utf8'))
  const added = Object.keys(generated).filter((key) => present[key] === undefined)
  const lines = added.map((key) => `${key}=${generated[key]!()}\n`).join('')
  if (created) writeFileSync(file, heading + lines, { mode: 0o600 })
  else if (lines) appendFileSync(file, startOfLine() + lines)
  return { created, added }
}

/** As the processes read it themselves: the process environment wins, and an empty value counts as unset. */
export function readEnvironment(): Environment {
  const values = existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {}
  return { ...withoutEmpty(values), ...withoutEmpty(process.env) }
}

function withoutEmpty(values: Environment) {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value))
}

function startOfLine() {
  return readFileSync(file, 'utf8').endsWith('\n') ? '' : '\n'
}

function secret() {
  return randomBytes(36).toString('base64url')
}

function signingKey() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64')
}
