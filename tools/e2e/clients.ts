import { buildRegistration } from '@ashlar/auth/testing'
import type { RunningProcess } from './running-process.ts'

export interface Registered {
  id: number
  username: string
  email: string
  password: string
}

export const postJson = (url: string, body: object, headers: Record<string, string> = {}) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })

/** Registers somebody new, and fails unless the answer is 201. */
export async function register(api: RunningProcess): Promise<Registered> {
  const body = buildRegistration()
  const answer = await postJson(`${api.url}/api/v1/auth/register`, body)
  if (answer.status !== 201)
    throw new Error(`Registration answered ${answer.status}: ${await answer.text()}`)
  const { data } = (await answer.json()) as { data: { id: number } }
  return { ...body, id: data.id }
}

/** Logs in to the dashboard and gives the cookie of its session. */
export async function signInToDashboard(
  dashboard: RunningProcess,
  admin: { email: string; password: string },
): Promise<string> {
  const answer = await fetch(`${dashboard.url}/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: dashboard.url },
    body: new URLSearchParams(admin),
  })
  const [cookie] = answer.headers.getSetCookie()
  if (!cookie) throw new Error(`The log-in answered ${answer.status} and no cookie.`)
  return cookie.split(';')[0] ?? ''
}
