import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportEnvironment, readEnvironment } from './index.ts'

const before = { ...process.env }
let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'environment-'))
  delete process.env['APP_ENV']
})
afterEach(async () => {
  process.env = { ...before }
  await rm(directory, { recursive: true })
})

const write = (file: string, ...lines: string[]) =>
  writeFile(join(directory, file), lines.join('\n'))

describe('the environment', () => {
  it('is that of the process over that of .env', async () => {
    await write('.env', 'STONE=granite', 'MORTAR="lime # and sand"')
    process.env['STONE'] = 'slate'
    expect(readEnvironment(directory)).toMatchObject({ STONE: 'slate', MORTAR: 'lime # and sand' })
  })

  it('is that of .env.test over that of .env while testing, and only then', async () => {
    await write('.env', 'STONE=granite', 'MORTAR=lime')
    await write('.env.test', 'STONE=slate')
    expect(readEnvironment(directory)).toMatchObject({ STONE: 'granite', MORTAR: 'lime' })
    process.env['APP_ENV'] = 'testing'
    expect(readEnvironment(directory)).toMatchObject({ STONE: 'slate', MORTAR: 'lime' })
    process.env['STONE'] = 'marble'
    expect(readEnvironment(directory)).toMatchObject({ STONE: 'marble' })
  })

  it('may say in .env that it is for testing', async () => {
    await write('.env', 'APP_ENV=testing')
    await write('.env.test', 'STONE=slate')
    expect(readEnvironment(directory)).toMatchObject({ APP_ENV: 'testing', STONE: 'slate' })
  })

  it('counts an empty value as unset, so that it hides nothing', async () => {
    await write('.env', 'STONE=granite', 'MORTAR=')
    process.env['STONE'] = ''
    expect(readEnvironment(directory)).toMatchObject({ STONE: 'granite' })
    expect(readEnvironment(directory)).not.toHaveProperty('MORTAR')
  })

  it.each([
    ['with the line ends of Windows', Buffer.from('STONE=granite\r\nMORTAR="lime"\r\n')],
    ['with the line ends of old Macs', Buffer.from('STONE=granite\rMORTAR=lime\r')],
    ['with a byte order mark', Buffer.from('\ufeffSTONE=granite\r\nMORTAR=lime')],
    [
      'in UTF-16, as PowerShell writes it',
      Buffer.from('\ufeffSTONE=granite\nMORTAR=lime', 'utf16le'),
    ],
  ])('reads a file %s', async (_how, bytes) => {
    await writeFile(join(directory, '.env'), bytes)
    expect(readEnvironment(directory)).toMatchObject({ STONE: 'granite', MORTAR: 'lime' })
  })

  it('leaves out the line end behind a value, which a Secret made with echo has', () => {
    process.env['STONE'] = 'granite\n'
    process.env['MORTAR'] = '\r\n'
    expect(readEnvironment(directory)).toMatchObject({ STONE: 'granite' })
    expect(readEnvironment(directory)).not.toHaveProperty('MORTAR')
  })

  it('needs no file', () => {
    process.env['STONE'] = 'slate'
    expect(readEnvironment(directory)).toMatchObject({ STONE: 'slate' })
  })

  it('gives a library only the keys of a prefix that the process has not', () => {
    process.env['STONE_KIND'] = 'slate'
    exportEnvironment({ STONE_KIND: 'granite', STONE_SIZE: 'big', MORTAR: 'lime' }, 'STONE_')
    expect(process.env).toMatchObject({ STONE_KIND: 'slate', STONE_SIZE: 'big' })
    expect(process.env).not.toHaveProperty('MORTAR')
  })
})
