import { spawn } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
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

  it('installs everything, whatever the machine or the shell leaves out', async () => {
    write(
      'npm.js',
      `${installs}\nrequire('node:fs').writeFileSync('env.json', JSON.stringify(process.env))`,
    )
    const shell = {
      NODE_ENV: 'production',
      npm_config_omit: 'dev',
      NPM_CONFIG_IGNORE_SCRIPTS: 'true',
    }
    await bootstrapIn({ ...shell, 'npm_config_engine-strict': 'true', npm_config_cache: '/c' }).end
    const given = JSON.parse(read('env.json')) as Record<string, string>
    expect(given).toMatchObject({
      npm_config_include: 'dev\n\noptional\n\npeer',
      npm_config_ignore_scripts: 'false',
      npm_config_engine_strict: 'false',
      npm_config_cache: '/c',
    })
    for (const name of [...Object.keys(shell), 'npm_config_engine-strict'])
      expect(given).not.toHaveProperty([name])
  })

  it('runs a command without the NODE_ENV of the shell', async () => {
    write('tools/dev/probe.ts', `console.log(process.env.NODE_ENV, process.env.STONE)`)
    const { output } = await bootstrapIn({ NODE_ENV: 'production', STONE: 'slate' }).end
    expect(output).toMatch(/\nundefined slate\n$/)
  })

  it('lets a command reach its own servers past the proxy of the shell', async () => {
    const ask = `
import { createServer } from 'node:http'
const server = createServer((_, response) => response.end('direct')).listen(0, '127.0.0.1', async () => {
  console.log(await (await fetch('http://127.0.0.1:' + server.address().port)).text())
  server.close()
})`
    write('tools/dev/probe.ts', ask)
    const proxy = 'http://127.0.0.1:9'
    const shell = {
      NODE_USE_ENV_PROXY: '1',
      HTTP_PROXY: proxy,
      http_proxy: proxy,
      NO_PROXY: 'x.test',
    }
    expect((await bootstrapIn(shell).end).output).toMatch(/\ndirect\n/)
  })

  it('says that Node does not take the NODE_OPTIONS of the shell', async () => {
    await bootstrap().end
    // Taken by the Node that runs this, and refused by the one of the packages.
    rmSync(join(root, 'node_modules/.bin/node'))
    write(
      'node_modules/.bin/node',
      `#!/bin/sh\necho 'node: --loud is not allowed in NODE_OPTIONS' >&2; exit 9\n`,
    )
    chmodSync(join(root, 'node_modules/.bin/node'), 0o755)
    expect((await bootstrap().end).output).toBe(
      'Node 24 does not take NODE_OPTIONS: node: --loud is not allowed in NODE_OPTIONS\n',
    )
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
    ['npm error code ENOTCACHED', /npm is set to be offline/],
    ['npm error code SELF_SIGNED_CERT_IN_CHAIN', /certificate of the npm registry is not trusted/],
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
  return bootstrapIn({}, ...args)
}

function bootstrapIn(shell: Record<string, string>, ...args: string[]) {
  const child = spawn('node', [join(root, 'tools/dev/bootstrap.mjs'), 'probe', ...args], {
    env: { PATH: process.env['PATH'], npm_execpath: join(root, 'npm.js'), ...shell },
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
