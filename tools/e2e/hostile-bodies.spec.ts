import { gzipSync } from 'node:zlib'
import type { RunningProcess } from './running-process.ts'
import { createSystem, type System } from './system.ts'

let system: System
let api: RunningProcess

beforeAll(async () => {
  system = await createSystem()
  api = await system.start('api', { NODE_OPTIONS: '--max-old-space-size=256' })
})
afterAll(() => system.stop())

const times = (count: number, item: string) => Array<string>(count).fill(item).join()

describe('an api with a heap of 256 MB survives', () => {
  it.each([
    [
      'U+0000 under a name as long as the body',
      400,
      `{"${'a'.repeat(51_000)}":[${times(5_600, '"\\u0000"')}]}`,
    ],
    [
      'numbers under a name that a pointer escapes',
      400,
      `{"${'/'.repeat(50_000)}":[${times(25_000, '0')}]}`,
    ],
    [
      'U+0000 under 30 names of 256 characters',
      422,
      deep('a'.repeat(256), times(10_000, '"\\u0000"')),
    ],
    [
      'numbers below 29 arrays',
      422,
      `{"refresh_token":${'['.repeat(29)}${times(25_000, '0')}${']'.repeat(29)}}`,
    ],
    [
      '9,000 unknown names',
      422,
      `{${Array.from({ length: 9_000 }, (_, n) => `"n${n}":0`).join()}}`,
    ],
  ])('%s', async (_name, status, body) => {
    const send = async () => {
      const answer = await fetch(`${api.url}/api/v1/auth/logout`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
        body: new Uint8Array(gzipSync(body)),
      })
      return { status: answer.status, length: (await answer.text()).length }
    }
    const answers = await Promise.all(Array.from({ length: 20 }, send))
    for (const answer of answers) {
      expect(answer.status).toBe(status)
      expect(answer.length).toBeLessThanOrEqual(64 * 1_024)
    }
    expect((await fetch(`${api.url}/health/ready`)).status).toBe(200)
  })
})

/** Nested objects, each under the same name. */
function deep(name: string, items: string): string {
  return `${`{"${name}":`.repeat(30)}[${items}]${'}'.repeat(30)}`
}
