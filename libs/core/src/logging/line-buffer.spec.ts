import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'
import { eventually } from '../../testing/eventually.ts'
import { createLineBuffer } from './line-buffer.ts'

describe('a buffer of lines', () => {
  it('writes many lines at once, soon', async () => {
    const written: string[] = []
    const buffer = createLineBuffer({ write: (lines) => void written.push(lines) })
    for (const line of ['a\n', 'b\n', 'c\n']) buffer.write(line)
    expect(written).toEqual([])
    await eventually(() => written.length > 0)
    expect(written).toEqual(['a\nb\nc\n'])
  })

  it('does not hold more than 16 KiB', () => {
    const written: string[] = []
    const buffer = createLineBuffer({ write: (lines) => void written.push(lines) })
    for (let line = 0; line < 200; line += 1) buffer.write('x'.repeat(100))
    expect(written.map(({ length }) => length)).toEqual([16_400])
    buffer.flushSync()
    expect(written.join('')).toHaveLength(20_000)
  })
})

describe('a process that ends', () => {
  const bundle = join(__dirname, '../../../../.ashlar/tmp/line-buffer', `${process.pid}.cjs`)

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
  afterAll(() => rm(bundle))

  it.each([
    ['exits', 3],
    ['throws', 1],
    ['rejects', 1],
    ['ends by itself', 0],
  ])('has written every line, in order, when it %s', async (behaviour, exitCode) => {
    const { exit } = run(behaviour)
    const { code, lines } = await exit
    expect(code).toBe(exitCode)
    expect(lines.map(({ number }) => number)).toEqual(Array.from({ length: 1_000 }, (_, n) => n))
  })

  it('has written every line when it is told to stop', async () => {
    const { child, exit, output } = run('waits')
    await eventually(() => output.stdout.includes('"number":999'))
    child.kill('SIGTERM')
    const { code, lines } = await exit
    expect(code).toBe(0)
    expect(lines).toHaveLength(1_001)
    expect(lines.at(-1)).toMatchObject({ msg: 'stopping' })
  })

  function run(behaviour: string) {
    const child = spawn(process.execPath, [bundle, behaviour], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const output = { stdout: '' }
    child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()))
    const exit = once(child, 'close').then(([code]) => ({
      code: code as number | null,
      lines: output.stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    }))
    return { child, exit, output }
  }
})
