import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'
import { eventually } from '../../testing/eventually.ts'

const root = join(__dirname, '../../../..')
const bundle = join(root, '.ashlar/tmp/run-process', `${process.pid}.cjs`)
const environment = {
  DATABASE_URL: 'postgresql://localhost/ashlar',
  REDIS_URL: 'redis://localhost',
  SMTP_URL: 'smtp://localhost',
}
const running: ChildProcess[] = []

beforeAll(() =>
  build({
    entryPoints: [join(__dirname, 'fixtures/process.ts')],
    outfile: bundle,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    packages: 'external',
  }),
)
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL')
})
afterAll(() => rm(bundle))

function run(behaviour = 'none', over: Record<string, string> = {}) {
  const child = spawn(process.execPath, [bundle, behaviour], { env: { ...environment, ...over } })
  running.push(child)
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()))
  const exit = once(child, 'close').then(([code]) => ({ code: code as number | null, ...output }))
  const started = () => eventually(() => output.stdout.includes('"started"'))
  const said = (message: string) => eventually(() => output.stdout.includes(`"${message}"`))
  return { child, exit, started, said }
}

describe('a process', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('stops on %s and ends with 0', async (signal) => {
    const { child, exit, started } = run()
    await started()
    child.kill(signal)
    const { code, stdout } = await exit
    expect(code).toBe(0)
    expect(stdout).toMatch(/"stopping"[\s\S]*"stopped"/)
  })

  it('ends with 0 when the grace is over, although a part still stops', async () => {
    const { child, exit, started } = run('stops slowly', { SHUTDOWN_GRACE: '200ms' })
    await started()
    child.kill('SIGTERM')
    const { code, stdout } = await exit
    expect(code).toBe(0)
    expect(stdout).toContain('did not stop within SHUTDOWN_GRACE')
  })

  it('ends at once, with 1, on a second signal', async () => {
    const { child, exit, started, said } = run('stops slowly', { SHUTDOWN_GRACE: '1h' })
    await started()
    child.kill('SIGTERM')
    await said('stopping')
    child.kill('SIGINT')
    expect(await exit).toMatchObject({ code: 1 })
  })

  it('tells every fault of its configuration, one a line, and ends with 78', async () => {
    const { code, stdout, stderr } = await run('none', { PORT: 'x-value', LOG_LEVEL: 'loud' }).exit
    expect(code).toBe(78)
    expect(stdout).toBe('')
    expect(stderr.trimEnd().split('\n')).toEqual([
      'The configuration cannot be used:',
      '  PORT must be a whole number from 0 to 65535. Example: PORT=3000',
      expect.stringMatching(/^ {2}LOG_LEVEL must be fatal, .* Example: LOG_LEVEL=info$/),
    ])
  })

  it('tells in one line that its port is taken and by whom, and ends with 1', async () => {
    const script =
      "//\u001b[2J\nrequire('net').createServer().listen(0, '127.0.0.1', function () { console.log(this.address().port) })"
    const holder = spawn(process.execPath, ['-e', script])
    running.push(holder)
    const [line] = (await once(holder.stdout, 'data')) as [Buffer]
    const port = line.toString().trim()
    const { code, stdout, stderr } = await run('none', { PORT: port }).exit
    const command = `${process.execPath} -e ${script.replaceAll('\n', '\\u000a').replace('\u001b', '\\u001b')}`
    expect({ code, stdout, stderr }).toEqual({
      code: 1,
      stdout: '',
      stderr: `Port ${port} is taken by node (pid ${holder.pid}, ${command.slice(0, 99)}…). Set PORT to another port.\n`,
    })
  })

  it.each([
    ['192.0.2.1', 'HOST is no address of this machine.'],
    ['2001:db8::1', /^HOST is (no address of this machine|an address of a kind)/],
    ['nobody.invalid', 'HOST is a name that leads to no address.'],
  ])('tells in one line that it cannot listen on %s, and ends with 1', async (host, line) => {
    const { code, stdout, stderr } = await run('none', { HOST: host }).exit
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(line)
    expect(stderr).toMatch(/^HOST .* Remove it to listen on every address\.\n$/)
    expect(stderr).not.toContain(host)
  })

  it('ends with 1 and one line when it cannot be built', async () => {
    expect(await run('throws while it is built').exit).toEqual({
      code: 1,
      stdout: '',
      stderr: 'Failed to start: Error: no stone\n',
    })
  })

  it('ends with 1 and one log line when it cannot start, after what had started has stopped', async () => {
    const { code, stdout } = await run('throws while it starts').exit
    expect(code).toBe(1)
    expect(stdout.trimEnd().split('\n')).toHaveLength(1)
    expect(JSON.parse(stdout)).toMatchObject({
      level: 'fatal',
      msg: 'failed to start',
      err: { message: 'no mortar' },
    })
  })

  it('stops and ends with 1 when something fails that nobody waits for', async () => {
    const { code, stdout } = await run('rejects later').exit
    expect(code).toBe(1)
    expect(stdout).toMatch(/"fatal".*crumbled/)
  })
})
