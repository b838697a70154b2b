import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { localFolder } from '../servers/project.ts'
import type { Settings } from './settings.ts'

const record = join(localFolder, 'run/admin-login')

export type AdminLogin = 'valid' | 'changed' | 'unknown'

/**
 * Whether the password in `.env` opens the admin's account: it is set once, when the account is made, and may
 * have been changed since. Asked once for each pair of database and password, because each login is a session.
 */
export async function checkAdminLogin({ hosts, ports, shared }: Settings): Promise<AdminLogin> {
  const { AUTH_ADMIN_EMAIL: email, AUTH_ADMIN_PASSWORD: password, DATABASE_URL } = shared
  if (!email || !password) return 'unknown'
  const key = createHash('sha256').update([email, password, DATABASE_URL].join('\0')).digest('hex')
  if (read() === key) return 'valid'
  const api = `http://${hosts.public}:${ports.PORT}`
  const status = await login(`${api}/api/v1/auth/login`, { email, password })
  if (status === 200) writeFileSync(record, key)
  return status === 200 ? 'valid' : status === 401 ? 'changed' : 'unknown'
}

function login(url: string, credentials: object) {
  return new Promise<number | undefined>((resolve) => {
    const call = request(
      url,
      {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        agent: false,
        timeout: 3000,
      },
      (answer) => {
        answer.resume()
        resolve(answer.statusCode)
      },
    )
    call.once('timeout', () => call.destroy())
    call.once('error', () => resolve(undefined))
    call.end(JSON.stringify(credentials))
  })
}

function read() {
  try {
    return readFileSync(record, 'utf8')
  } catch {
    return ''
  }
}
