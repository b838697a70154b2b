import { freePort } from '../servers/free-port.ts'
import { createSandbox, type Sandbox } from './testing/sandbox.ts'

let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await createSandbox({ processes: 'real' })
})
afterAll(() => sandbox.remove())

describe('npm run tour', () => {
  // Before any other command, which would generate what a fresh clone does not have.
  it('follows a registration through the first start of the real system to the mail, and prints its trace', async () => {
    const tracing = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://localhost:${await freePort()}` }
    const launcher = sandbox.start('dev', ['--no-reload'], tracing)
    await launcher.sees(/Ctrl-C stops everything/)
    const { code, output } = await sandbox.run('tour', [], tracing)
    expect(output).toMatch(/HTTP +POST \/api\/v1\/auth\/register → 201/)
    expect(output).toMatch(/outbox +auth\.user-registered/)
    expect(output).toMatch(/job +auth\.send-welcome-email done in the queue auth\.events/)
    expect(output).toMatch(/mail +"Welcome to Ashlar" to tour-/)
    expect(output).toMatch(/mail +"Confirm your address at Ashlar" to tour-/)
    const [, page = ''] = /leads to (http\S+\/verify-email\?token=\S+)/.exec(output) ?? []
    const form = await fetch(page)
    expect([form.status, await form.text()]).toEqual([200, expect.stringContaining('<form ')])
    for (const span of ['POST /api/v1/auth/register', 'relay auth.user-registered', 'mail.send'])
      expect(output).toMatch(new RegExp(`ms +${span} +\\(ashlar-`))
    expect(code).toBe(0)
    expect(launcher.output()).not.toMatch(/\bwarn|deprecat|\n\s+at /i)
    launcher.kill('SIGTERM')
    expect(await launcher.exit).toBe(0)
  })

  it('says what to start when nothing runs', async () => {
    const { code, output } = await sandbox.run('tour')
    expect(code).toBe(1)
    expect(output).toMatch(/Start the system first, in another terminal: npm run dev/)
  })
})
