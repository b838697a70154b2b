import { defineError, dependencyUnavailable } from '../errors/index.ts'
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

let server: Awaited<ReturnType<typeof serve>>
beforeAll(async () => {
  server = await serve({ routes: [routes], errors: [overloaded] })
})
afterAll(() => server.stop())

async function linesOf(path: string) {
  const answer = await fetch(`${server.url}/api/v1/walls/${path}`)
  expect(answer.status).toBe(503)
  const requestId = answer.headers.get('x-request-id')
  return server.lines.filter((line) => line['requestId'] === requestId && !('status' in line))
}

describe('a 503', () => {
  it('that is said on purpose is a warning without a stack', async () => {
    const lines = await linesOf('overloaded')
    expect(lines).toMatchObject([{ level: 'warn', problem: 'walls.overloaded' }])
    expect(lines[0]).not.toHaveProperty('err')
  })

  it('that has a cause is an error with it', async () => {
    expect(await linesOf('broken')).toMatchObject([
      {
        level: 'error',
        problem: 'service.unavailable',
        err: { cause: { message: 'no mortar' } },
      },
    ])
  })
})
