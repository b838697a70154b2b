import { statSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { leftOver, processesOf } from './testing/left-over.ts'
import { createSandbox, type Running, type Sandbox } from './testing/sandbox.ts'

const running = /is running/
let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await createSandbox()
})
afterAll(() => sandbox.remove())

describe('npm run dev', () => {
  let launcher: Running

  it('starts every process and server and says where they are', async () => {
    launcher = sandbox.start('dev')
    await launcher.sees(/Ctrl-C stops everything/)
    const { ports } = sandbox
    for (const key of ['PORT', 'ADMIN_DASHBOARD_PORT', 'MAIL_UI_PORT'])
      expect(launcher.output()).toContain(`http://localhost:${ports[key]}`)
    expect(await ask(ports.PORT!)).toBe('api 1')
    expect(await ask(ports.WORKER_MANAGEMENT_PORT!)).toBe('worker 1')
    expect(await ask(ports.SCHEDULER_MANAGEMENT_PORT!)).toBe('scheduler 1')
    expect(await ask(ports.ADMIN_DASHBOARD_PORT!)).toBe('admin-dashboard 1')
    const inbox = await fetch(`http://localhost:${ports.MAIL_UI_PORT}`, {
      headers: { accept: 'text/html' },
    })
    expect(inbox.status).toBe(200)
  })

  it('writes secrets of its own into a file that others cannot read', () => {
    const { AUTH_ADMIN_PASSWORD, POSTGRES_PASSWORD } = parseEnv(sandbox.read('.env'))
    expect(POSTGRES_PASSWORD!.length).toBeGreaterThanOrEqual(32)
    expect(POSTGRES_PASSWORD).not.toBe(AUTH_ADMIN_PASSWORD)
    expect(statSync(join(sandbox.root, '.env')).mode & 0o777).toBe(0o600)
  })

  it('offers a command with which the admin logs in', () => {
    const { AUTH_ADMIN_EMAIL, AUTH_ADMIN_PASSWORD } = parseEnv(sandbox.read('.env'))
    const credentials = `{"email":"${AUTH_ADMIN_EMAIL}","password":"${AUTH_ADMIN_PASSWORD}"}`
    expect(launcher.output()).toMatch(/curl -i http:\S+\/api\/v1\/auth\/login .*-d '/)
    expect(launcher.output()).toContain(credentials)
  })

  it('prints neither a warning nor a stack', () => {
    expect(launcher.output()).not.toMatch(/warn|deprecat|\n\s+at /i)
  })

  it('lets no second launcher in', async () => {
    const { code, output } = await sandbox.run('dev')
    expect(code).toBe(1)
    expect(output).toBe(
      `\`npm run dev\` already runs in this folder (pid ${launcher.child.pid}). Stop it first, or use what it started.\n`,
    )
  })

  it('restarts the process whose source changed, and no other', async () => {
    const from = launcher.output().length
    replaceIn('apps/worker/src/main.ts', 'worker 1', 'worker 2')
    await launcher.sees(/worker reloaded in \d+ ms/, from)
    expect(await ask(sandbox.ports.WORKER_MANAGEMENT_PORT!)).toBe('worker 2')
    expect(launcher.output().slice(from)).not.toContain('api')
  })

  it('shows why a source does not build and goes on with the old process', async () => {
    const from = launcher.output().length
    replaceIn('apps/worker/src/main.ts', 'import {', 'import {{')
    await launcher.sees(/does not build/, from)
    expect(launcher.output().slice(from)).toContain('apps/worker/src/main.ts:1:8')
    expect(await ask(sandbox.ports.WORKER_MANAGEMENT_PORT!)).toBe('worker 2')
    replaceIn('apps/worker/src/main.ts', 'import {{', 'import {')
  })

  it('starts a crashed process again with the next change', async () => {
    const from = launcher.output().length
    replaceIn('apps/api/src/main.ts', 'api 1', 'api 2')
    sandbox.write(
      'apps/scheduler/src/main.ts',
      `${sandbox.read('apps/scheduler/src/main.ts')}\nprocess.exit(3)\n`,
    )
    await launcher.sees(/scheduler ended with exit code 3/, from)
    replaceIn('apps/scheduler/src/main.ts', 'process.exit(3)', '')
    await launcher.sees(/scheduler reloaded/, from)
    expect(await ask(sandbox.ports.SCHEDULER_MANAGEMENT_PORT!)).toBe('scheduler 1')
  })

  it('goes on with the old configuration while .env is faulty, and takes over the mended one', async () => {
    const env = sandbox.read('.env')
    let from = launcher.output().length
    sandbox.write('.env', `${env}LOG_LEVEL=loud\n`)
    await launcher.sees(/LOG_LEVEL must be/, from)
    expect(await ask(sandbox.ports.PORT!)).toBe('api 2')
    from = launcher.output().length
    sandbox.write('.env', `${env}LOG_LEVEL=debug\n`)
    await launcher.sees(/api reloaded/, from)
  })

  it('stops everything in order on SIGTERM and ends with 0', async () => {
    launcher.kill('SIGTERM')
    expect(await launcher.exit).toBe(0)
    const names = [...launcher.output().matchAll(/^(.+) stopped$/gm)].map(([, name]) => name)
    expect(names.slice(-3)).toEqual(['Mail catcher', 'Redis', 'PostgreSQL'])
    expect(await leftOver(sandbox.root, sandbox.ports, 1000)).toEqual([])
  })
})

describe('npm run dev, ended in other ways', () => {
  it('stops on Ctrl-C, which comes more than once through npm', async () => {
    const launcher = sandbox.start('dev', ['--no-reload', 'api'])
    await launcher.sees(running)
    launcher.kill('SIGINT')
    launcher.kill('SIGINT')
    expect(await launcher.exit).toBe(0)
    expect(await leftOver(sandbox.root, sandbox.ports, 1000)).toEqual([])
  })

  it('stops in the middle of a start', async () => {
    const launcher = sandbox.start('dev')
    await new Promise((resolve) => setTimeout(resolve, 700))
    launcher.kill('SIGTERM')
    await launcher.exit
    expect(await leftOver(sandbox.root, sandbox.ports, 1000)).toEqual([])
  })

  it('leaves nothing within 5 s after kill -9', async () => {
    const launcher = sandbox.start('dev')
    await launcher.sees(running)
    launcher.kill('SIGKILL')
    expect(await leftOver(sandbox.root, sandbox.ports, 5000)).toEqual([])
  })

  it('takes over what a launcher left that was killed together with its reaper', async () => {
    const launcher = sandbox.start('dev', ['worker'])
    await launcher.sees(running)
    const reaper = processesOf('reaper-process.ts').find((pid) =>
      processesOf(sandbox.root).includes(pid),
    )
    process.kill(reaper!, 'SIGKILL')
    launcher.kill('SIGKILL')
    const next = sandbox.start('dev', ['worker'])
    await next.sees(running)
    next.kill('SIGTERM')
    expect(await next.exit).toBe(0)
    expect(await leftOver(sandbox.root, sandbox.ports, 1000)).toEqual([])
  })
})

function replaceIn(path: string, from: string, to: string) {
  sandbox.write(path, sandbox.read(path).replace(from, to))
}

async function ask(port: number) {
  return (await fetch(`http://127.0.0.1:${port}/`)).text()
}
