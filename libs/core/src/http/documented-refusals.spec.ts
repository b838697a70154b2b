import { createRoutes } from './index.ts'
import { serve, stoneTaken } from './testing/serve.ts'

describe('a refusal that its route does not declare', () => {
  const routes = createRoutes({ prefix: '/walls', tag: 'Walls' })
  routes.get('/declared', { summary: 'Refuse', errors: [stoneTaken] }, refuse)
  routes.get('/undeclared', { summary: 'Refuse, and say nothing of it' }, refuse)

  it.each([
    ['testing', 409, 500],
    ['production', 409, 409],
  ] as const)('is a defect in tests alone: %s', async (appEnv, declared, undeclared) => {
    const server = await serve({ routes: [routes], appEnv })
    expect((await fetch(`${server.url}/api/v1/walls/declared`)).status).toBe(declared)
    expect((await fetch(`${server.url}/api/v1/walls/undeclared`)).status).toBe(undeclared)
    const reason = 'GET /api/v1/walls/undeclared refuses with stones.taken'
    expect(JSON.stringify(server.lines).includes(reason)).toBe(undeclared === 500)
    await server.stop()
  })
})

function refuse(): never {
  throw stoneTaken()
}
