import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { leftOver } from './testing/left-over.ts'

const root = join(process.cwd(), '.ashlar/sandbox', `bootstrap-${process.pid}`)
const lock = { packages: { '': {}, 'node_modules/thing': { version: '1.0.0' } } }

// Does what npm ci does for bootstrap: a note of what it installed, and a Node 24.
const installs = `
const { mkdirSync, appendFileSync, copyFileSync, symlinkSync, rmSync } = require('node:fs')
appendFileSync('installed.log', process.argv.slice(2).join(' ') + '\\n')
rmSync('node_modules', { recursive: true, force: true })
mkdirSync('node_modules/.bin', { recursive: true })
symlinkSync(process.execPath, 'node_modules/.bin/node')
copyFileSync('package-lock.json', 'node_modules/.package-lock.json')
`

beforeEach(() => {
  write('package-lock.json', JSON.stringify(lock))
  write('npm.js', installs)
  write('tools/dev/probe.ts', `console.log(process.argv.slice(2).join()); process.exitCode = 7\n`)
  cpSync(join(process.cwd(), 'tools/dev/bootstrap.mjs'), join(root, 'tools/dev/bootstrap.mjs'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

describe('bootstrap', () => {
  it('installs the packages of the lock file once, then runs the command with its arguments', async () => {
    expect(await bootstrap('a', 'b').end).toMatchObject({
      code: 7,
      output: expect.stringMatching(/^Installing [\s\S]*Installed in \d+ s\na,b\n$/) as string,
    })
    expect(await bootstrap('c').end).toEqual({ code: 7, output: 'c\n' })
    expect(read('installed.log')).toBe('ci --no-audit --no-fund --no-progress\n')
  })

  it('installs again when the lock file wants another version', async () => {
    await bootstrap().end
    lock.packages['node_modules/thing'].version = '1.0.1'
    write('package-lock.json', JSON.stringify(lock))
    await bootstrap().end
    expect(read('installed.log').trim().split('\n')).toHaveLength(2)
  })

  it('lets the second of two first starts wait for the first', async () => {
    await Promise.all([bootstrap().end, bootstrap().end])
    expect(read('installed.log').trim().split('\n')).toHaveLength(1)
  })

  it.each([
    ['npm error code ENOTFOUND', /the npm registry cannot be reached/],
    ['npm error code ENOSPC', /no space left on the disk/],
    ['npm error code EACCES', /belongs to another user/],
  ])('says in one line why it cannot install: %s', async (message, explanation) => {
    write('npm.js', `console.error(${JSON.stringify(message)}); process.exit(1)`)
    const { code, output } = await bootstrap().end
    expect(code).toBe(1)
    expect(output).toMatch(explanation)
    expect(output.trim().split('\n')).toHaveLength(2)
    expect(existsSync(join(root, '.ashlar/install.lock'))).toBe(false)
  })

  it('passes a signal on and ends as the command ends', async () => {
    write(
      'tools/dev/probe.ts',
      `process.on('SIGTERM', () => process.exit(5)); setInterval(() => {}, 1000); console.log('up')`,
    )
    const running = bootstrap()
    await running.sees('up')
    running.child.kill('SIGTERM')
    expect((await running.end).code).toBe(5)
  })

  it('leaves no command behind when it is killed', async () => {
    write(
      'tools/dev/probe.ts',
      `process.once('disconnect', () => process.exit()); setInterval(() => {}, 1000); console.log('up')`,
    )
    const running = bootstrap()
    await running.sees('up')
    running.child.kill('SIGKILL')
    expect(await leftOver(root, {}, 2000)).toEqual([])
  })

  it('refuses a command that does not exist', async () => {
    write('tools/dev/probe.ts', '')
    rmSync(join(root, 'tools/dev/probe.ts'))
    expect((await bootstrap().end).output).toContain('There is no command "probe"')
  })
})

function bootstrap(...args: string[]) {
  const child = spawn('node', [join(root, 'tools/dev/bootstrap.mjs'), 'probe', ...args], {
    env: { PATH: process.env['PATH'], npm_execpath: join(root, 'npm.js') },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text))
  const end = new Promise<{ code: number | null; output: string }>((resolve) =>
    child.once('close', (code) => resolve({ code, output })),
  )
  return { child, end, sees }

  async function sees(text: string) {
    while (!output.includes(text))
      await new Promise((resolve) => child.stdout.once('data', resolve))
  }
}

function write(path: string, text: string) {
  mkdirSync(join(root, path, '..'), { recursive: true })
  writeFileSync(join(root, path), text)
}

function read(path: string) {
  return readFileSync(join(root, path), 'utf8')
}
