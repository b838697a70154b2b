import { createSandbox, type Sandbox } from './testing/sandbox.ts'

let sandbox: Sandbox
let written: string

beforeAll(async () => {
  sandbox = await createSandbox()
  await sandbox.run('setup')
  written = sandbox.read('.env').replace(/^#.*\n/, '')
})
afterAll(() => sandbox.remove())

describe('.env', () => {
  it.each([
    ['with the line ends of Windows', (text: string) => text.replaceAll('\n', '\r\n')],
    ['with a byte order mark before its first key', (text: string) => `\ufeff${text}`],
    ['without an end of its last line', (text: string) => text.trimEnd()],
  ])('is complete as an editor saves it: %s', async (_how, save) => {
    // The password first: another one would change the one of the database.
    const lines = written.split('\n').toSorted((line) => (line.startsWith('POSTGRES') ? -1 : 0))
    sandbox.write('.env', save(lines.join('\n')))
    expect(await sandbox.run('setup')).toEqual({ code: 0, output: '.env is complete.\n' })
    expect(sandbox.read('.env')).toBe(save(lines.join('\n')))
  })

  it.each([
    ['LOG LEVEL=debug\r\n', 1],
    ['\ufeff# a comment\r\nLOG_LEVEL=info\r\nnothing\r\n', 3],
  ])('has its stray lines counted whatever ends them: %j', async (text, line) => {
    sandbox.write('.env', text)
    const { code, output } = await sandbox.run('dev')
    expect(code).toBe(78)
    expect(output.match(/line \d+ is no KEY=value/g)).toEqual([`line ${line} is no KEY=value`])
  })

  it('is not added to when it is not UTF-8', async () => {
    sandbox.write('.env', [...'\ufeffLOG_LEVEL=info\n'].join('\0'))
    expect(await sandbox.run('setup')).toEqual({
      code: 78,
      output: '.env is not UTF-8. Save it as UTF-8.\n',
    })
  })
})
