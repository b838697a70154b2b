import { gzipSync } from 'node:zlib'
import { z } from 'zod'
import { measureCpu } from '../../testing/measure-cpu.ts'
import type { Problem } from './problem.ts'
import { createRoutes } from './routes.ts'
import { serve } from './testing/serve.ts'

/** Far more than any of these needs, and far less than what grows faster than the request. */
const mostCpuMs = 1_000
const mostBytes = 64 * 1_024

const nested = (levels: number): z.ZodType =>
  levels === 0 ? z.string() : z.array(nested(levels - 1))

let messages = 0

const Wall = z
  .strictObject({
    stones: z.array(z.string()),
    deep: nested(29),
    named: z.record(z.string().regex(/^[a-z]$/), z.int()),
    either: z.array(z.union([z.string(), z.strictObject({ name: z.string() })])),
    shapes: z.array(
      z.discriminatedUnion('shape', [
        z.strictObject({ shape: z.literal('arch') }),
        z.strictObject({ shape: z.literal('dome') }),
      ]),
    ),
    few: z.array(z.string()).max(5),
    wordy: z.array(
      z.string().refine(() => false, { error: 'Must be told at length. '.repeat(200) }),
    ),
    costly: z.array(z.int().refine(() => false, { error: () => `Message ${(messages += 1)}.` })),
    open: z.looseObject({}),
  })
  .partial()

function wallRoutes() {
  const routes = createRoutes({ prefix: '/walls', tag: 'Walls' })
  routes.post('/', { summary: 'Build', body: { json: Wall, form: Wall } }, () => undefined)
  return routes
}

let server: Awaited<ReturnType<typeof serve>>
beforeAll(async () => {
  server = await serve({ routes: [wallRoutes()] })
})
afterAll(() => server.stop())

interface Sent {
  type?: string
  query?: string
}

/** Sends a body gzipped, and limits the CPU time and the answer. */
async function build(body: string, { type = 'application/json', query = '' }: Sent = {}) {
  const post = () =>
    measureCpu(async () => {
      const answer = await fetch(`${server.url}/api/v1/walls${query}`, {
        method: 'POST',
        headers: { 'content-type': type, 'content-encoding': 'gzip' },
        body: new Uint8Array(gzipSync(body)),
      })
      return { status: answer.status, text: await answer.text() }
    })
  const first = await post()
  // A body is dear each time; what the garbage collector did meanwhile is not.
  const { result, cpuMs } = first.cpuMs < mostCpuMs ? first : await post()
  const { status, text } = result
  expect(cpuMs).toBeLessThan(mostCpuMs)
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(mostBytes)
  const { code, detail, errors = [] } = (text === '' ? {} : JSON.parse(text)) as Partial<Problem>
  for (const { pointer } of errors) expect(pointer.length).toBeLessThanOrEqual(256)
  expect(errors.length).toBeLessThanOrEqual(100)
  const [, more = '0'] = /not listed: (\d+)/.exec(detail ?? '') ?? []
  return { status, code, errors, found: errors.length + Number(more) }
}

const times = (count: number, item: string) => Array<string>(count).fill(item).join()
const form = 'application/x-www-form-urlencoded'
const nul = '"\\u0000"'

describe('a body full of faults is refused at a cost in proportion to its size', () => {
  it.each([
    ['under a name as long as itself', `{"${'a'.repeat(51_000)}":[${times(5_600, nul)}]}`],
    ['under a name that a pointer escapes', `{"${'/'.repeat(50_000)}":[${times(25_000, '0')}]}`],
    ['under an inner name', `{"open":{"in":[{"${'a'.repeat(257)}":0}]}}`],
  ])('%s: 400', async (_name, body) => {
    expect(await build(body)).toMatchObject({
      status: 400,
      code: 'request.member_name_too_long',
    })
  })

  it.each([
    ['under names of 256 characters, 30 deep', 10_000, deepBelow('~/', times(10_000, nul))],
    ['in an array', 10_000, `{"stones":[${times(10_000, nul)}]}`],
    ['in an array that wants texts', 50_000, `{"stones":[${times(50_000, '0')}]}`],
    ['below 29 arrays', 25_000, `{"deep":${'['.repeat(29)}${times(25_000, '0')}${']'.repeat(29)}}`],
    ['below 29 arrays of no schema', 1, `{"few":${'['.repeat(29)}0${']'.repeat(29)}}`],
    ['of a union', 25_000, `{"either":[${times(25_000, '[]')}]}`],
    ['of a discriminated union', 30_000, `{"shapes":[${times(30_000, '{}')}]}`],
    ['of a refined item', 40_000, `{"costly":[${times(40_000, '1')}]}`],
    ['with a long message each', 20_000, `{"wordy":[${times(20_000, '""')}]}`],
    ['in an array that is too long', 1, `{"few":[${times(25_000, '0')}]}`],
    ['in names of a record', 9_000, `{"named":{${members(9_000, 'n')}}}`],
    ['in values of a record', 26, `{"named":{${letters()}}}`],
    ['in unknown names', 9_000, `{${members(9_000, 'n')}}`],
    ['in unknown names that JSON escapes', 800, `{${members(800, '\\u0001'.repeat(16))}}`],
    ['in forbidden names', 5_000, `{"open":{${members(5_000, '\\u0000')}}}`],
  ])('%s: 422', async (_name, found, body) => {
    const answer = await build(body)
    expect(answer).toMatchObject({ status: 422, found })
    expect(answer.errors.length).toBeGreaterThan(0)
  })

  it('in the fields of a form', async () => {
    const fields = Array.from({ length: 9_000 }, (_, index) => `n${index}=%00`).join('&')
    expect(await build(fields, { type: form })).toMatchObject({ status: 422, found: 9_000 })
    const long = await build(`${'a'.repeat(257)}=1`, { type: form })
    expect(long).toMatchObject({ status: 400, code: 'request.member_name_too_long' })
  })

  it('in the parameters of a query', async () => {
    const query = `?${Array.from({ length: 1_000 }, (_, index) => `${index}=%00`).join('&')}`
    expect(await build('{}', { query })).toMatchObject({ status: 422, found: 1_000 })
  })

  it('and no message is written for a fault that is not listed', async () => {
    messages = 0
    await build(`{"costly":[${times(1_000, '1')}]}`)
    expect(messages).toBe(100)
  })
})

describe('a pointer', () => {
  const pointersOf = async (body: string, sent: Sent = {}) =>
    (await build(body, sent)).errors.map(({ pointer }) => pointer)

  it('has a name of 64 characters as it is, and a longer one cut', async () => {
    const [short, long] = ['a'.repeat(64), 'b'.repeat(256)]
    expect(await pointersOf(JSON.stringify({ [short]: 1, [long]: 1 }))).toEqual([
      `/body/${short}`,
      `/body/${'b'.repeat(63)}…`,
    ])
    expect(await pointersOf('{}', { query: `?${'c'.repeat(7_000)}=1` })).toEqual([
      `/query/${'c'.repeat(63)}…`,
    ])
  })

  it('is not cut inside a character', async () => {
    const name = `${'a'.repeat(62)}${'😀'.repeat(9)}`
    expect(await pointersOf(JSON.stringify({ [name]: 1 }))).toEqual([`/body/${'a'.repeat(62)}…`])
  })

  it('leaves out the names for which it has no room', async () => {
    const [pointer = ''] = await pointersOf(deepBelow('a', nul))
    expect(pointer).toBe(`/body/open${`/${'a'.repeat(63)}…`.repeat(3)}/…`)
  })

  it('tells two places apart whose names are cut alike', async () => {
    const long = 'a'.repeat(200)
    expect(await pointersOf(`{"open":{"${long}1":${nul},"${long}2":${nul}}}`)).toHaveLength(2)
  })
})

/** Names as long as they may be, below a member that takes anything. */
function deepBelow(piece: string, items: string): string {
  const name = piece.repeat(256 / piece.length)
  return `{"open":${`{"${name}":`.repeat(29)}[${items}]${'}'.repeat(30)}`
}

function members(count: number, name: string): string {
  return Array.from({ length: count }, (_, index) => `"${name}${index}":0`).join()
}

function letters(): string {
  return Array.from('abcdefghijklmnopqrstuvwxyz', (letter) => `"${letter}":"x"`).join()
}
