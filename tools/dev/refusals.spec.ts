import { existsSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { createSandbox, type Sandbox } from './testing/sandbox.ts'

let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await createSandbox()
})
afterAll(() => sandbox.remove())
afterEach(() => expect(existsSync(join(sandbox.root, '.ashlar/postgres'))).toBe(false))

describe('npm run dev refuses, before it starts anything,', () => {
  it.each(['127.0.0.1', '0.0.0.0', '::'])('ports that a program holds on %s', async (host) => {
    const holders = await Promise.all(Object.values(sandbox.ports).map((port) => hold(port, host)))
    const { code, output } = await sandbox.run('dev')
    await Promise.all(holders.map((holder) => new Promise((resolve) => holder.close(resolve))))
    expect(code).toBe(1)
    const lines = output.trim().split('\n').slice(-Object.keys(sandbox.ports).length)
    for (const [key, port] of Object.entries(sandbox.ports))
      expect(lines).toContainEqual(
        expect.stringMatching(
          `^Port ${port} is taken by \\S+ \\(pid ${process.pid}, .*\\)\\. Set ${key} to another port in \\.env\\.$`,
        ),
      )
  })

  it('a configuration with faults, and lists every one of every owner', async () => {
    const { code, output } = await sandbox.run('dev', [], {
      LOG_LEVEL: 'loud',
      AUTH_JWT_PRIVATE_KEY: 'no key',
      AUTH_ACCESS_TOKEN_TTL: 'soon',
      SHUTDOWN_GRACE: 'soon',
      WORKER_MANAGEMENT_PORT: 'nine',
      REDIS_URL: 'http://localhost',
    })
    expect(code).toBe(78)
    for (const key of ['LOG_LEVEL', 'AUTH_JWT_PRIVATE_KEY', 'AUTH_ACCESS_TOKEN_TTL'])
      expect(output).toMatch(new RegExp(`^  ${key} .+ \\(e\\.g\\. .+\\)$`, 'm'))
    for (const key of ['SHUTDOWN_GRACE', 'WORKER_MANAGEMENT_PORT', 'REDIS_URL'])
      expect(output).toMatch(new RegExp(`^  ${key} .+ \\(e\\.g\\. .+\\)$`, 'm'))
    expect(output).not.toMatch(/no key|short|soon|\n\s+at /)
  })

  it('lines of .env that say nothing', async () => {
    const env = sandbox.read('.env')
    sandbox.write('.env', `${env}\nLOG LEVEL debug\n# a comment\nKEY="two\nlines"\n=x\n`)
    const { code, output } = await sandbox.run('dev')
    sandbox.write('.env', env)
    expect(code).toBe(78)
    const first = env.split('\n').length + 1
    expect(output.match(/line \d+ is no KEY=value/g)).toEqual([
      `line ${first} is no KEY=value`,
      `line ${first + 4} is no KEY=value`,
    ])
    expect(output).not.toContain('LEVEL debug')
  })

  it('a port that is none, without the addresses that would be made of it', async () => {
    const { code, output } = await sandbox.run('dev', [], { PORT: 'abc', POSTGRES_PORT: 'def' })
    expect(code).toBe(78)
    expect(output).toMatch(/^ +PORT must be a port/m)
    expect(output).toMatch(/^ +POSTGRES_PORT must be a port/m)
    expect(output).not.toMatch(/APP_URL|DATABASE_URL/)
  })

  it('two keys with the same port', async () => {
    const { code, output } = await sandbox.run('dev', [], {
      ADMIN_DASHBOARD_PORT: String(sandbox.ports.PORT),
    })
    expect(code).toBe(78)
    expect(output).toContain(`ADMIN_DASHBOARD_PORT is ${sandbox.ports.PORT}, as PORT is`)
  })

  it('an emptied password of the embedded database', async () => {
    const env = sandbox.read('.env')
    sandbox.write('.env', env.replace(/^POSTGRES_PASSWORD=.*$/m, 'POSTGRES_PASSWORD='))
    const { code, output } = await sandbox.run('dev')
    sandbox.write('.env', env)
    expect(code).toBe(78)
    expect(output).toContain('POSTGRES_PASSWORD is missing')
  })

  it('a process or an option that does not exist', async () => {
    expect(await sandbox.run('dev', ['apy'])).toMatchObject({
      code: 2,
      output: expect.stringContaining('There is no process "apy"') as string,
    })
    expect((await sandbox.run('dev', ['--fast'])).code).toBe(2)
  })
})

describe('npm run dev -- --help', () => {
  it('names the options and the processes', async () => {
    const { code, output } = await sandbox.run('dev', ['--help'])
    expect(code).toBe(0)
    for (const word of ['--no-reload', '--reset', 'admin-dashboard']) expect(output).toContain(word)
  })
})

function hold(port: number, host: string) {
  return new Promise<Server>((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ port, host }, () => resolve(server))
  })
}
