import { defineError, dependencyUnavailable } from '../errors/index.ts'
import { eventually } from '../../testing/index.ts'
import { createRoutes } from './index.ts'
import { serve } from './testing/serve.ts'

const overloaded = defineError({
  kind: 'unavailable',
  code: 'walls.overloaded',
  title: 'Overloaded',
  detail: 'There is too much to do.',
  help: 'Come back later.',
})

const routes = createRoutes({ prefix: '/walls', tag: 'Walls' })
routes.get('/overloaded', { summary: 'Refuse', errors: [overloaded] }, () => {
  throw overloaded()
})
routes.get('/broken', { summary: 'Fail', errors: [dependencyUnavailable] }, () => {
  throw dependencyUnavailable({ cause: new Error('no mortar') })
})
routes.get('/defect', { summary: 'Break' }, () => {
  throw new Error('a wall without a ground')
})

let server: Awaited<ReturnType<typeof serve>>
beforeAll(async () => {
  server = await serve({ routes: [routes], errors: [overloaded] })
})
afterAll(() => server.stop())

/** The lines that so many requests at once leave. */
async function linesOf(path: string, status: number, count: number) {
  const before = server.lines.length
  const ask = () => fetch(`${server.url}/api/v1/walls/${path}`)
  const answers = await Promise.all(Array.from({ length: count }, ask))
  expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([status]))
  const lines = server.lines.slice(before)
  return {
    requests: lines.filter((line) => line['status'] === status),
    others: lines.filter((line) => !('status' in line)),
  }
}

describe('many requests that are answered 503', () => {
  it.each([
    ['broken', 'service.unavailable', 'The service cannot answer right now.: no mortar'],
    ['overloaded', 'walls.overloaded', 'There is too much to do.'],
  ])('leave a line each, and one with the reason for all: %s', async (path, problem, reason) => {
    const { requests, others } = await linesOf(path, 503, 40)
    expect(requests).toHaveLength(40)
    for (const line of requests) expect(line).toMatchObject({ level: 'info', problem })
    expect(others).toEqual([
      expect.objectContaining({
        level: 'warn',
        msg: 'answering requests fails',
        problem,
        reason,
        failures: 1,
      }),
    ])
    expect(JSON.stringify([requests, others])).not.toContain('"stack"')
  })

  it('hide no defect that comes in between: each has its stack', async () => {
    await linesOf('broken', 503, 1)
    const { requests, others } = await linesOf('defect', 500, 3)
    for (const line of requests) expect(line).toMatchObject({ level: 'error' })
    expect(others).toHaveLength(3)
    for (const line of others)
      expect(line).toMatchObject({
        level: 'error',
        problem: 'internal.unexpected',
        err: { stack: expect.stringContaining('problem-writer.spec.ts') as unknown },
      })
  })

  it('are counted in the line that tells of their end', async () => {
    const { others } = await linesOf('overloaded', 503, 2)
    expect(others).toEqual([])
    await eventually(() =>
      server.lines.some(
        ({ msg, failures, requestId }) =>
          msg === 'no request has failed so for 5 s' && failures === 42 && requestId === undefined,
      ),
    )
  })
})
