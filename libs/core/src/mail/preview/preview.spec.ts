import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'
import { createBaseApp, createProblemWriter } from '../../http/index.ts'
import { createLogger } from '../../logging/index.ts'
import { createMetrics } from '../../telemetry/index.ts'
import { defineEmail } from '../define-email.ts'
import { renderTemplate } from '../render-template.ts'
import { mountMailPreview } from './preview.ts'

const Props = z.object({ name: z.string() })
const stoneReady = defineEmail('quarry.stone-ready', Props, {
  sample: { name: '<b>Ada</b>' },
  render: ({ name }) => ({
    to: 'ada@example.com',
    subject: `Ready, ${name}`,
    html: renderTemplate('<style>p { color: red }</style><p>Ready, {{name}}</p>', { name }),
  }),
})

const log = createLogger({ name: 'test', config: { logLevel: 'silent' } })
let server: Server
let url: string

beforeAll(async () => {
  const metrics = createMetrics({ process: 'test' })
  const app = createBaseApp({ config: { trustProxy: 0, corsOrigins: [] }, log, metrics })
  mountMailPreview(app, [stoneReady])
  app.use(createProblemWriter({ problemBaseUrl: 'https://api.test/problems', log }))
  server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/dev/mails`
})
afterAll(() => void server.close())

async function read(path: string) {
  const answer = await fetch(url + path)
  const policy = answer.headers.get('content-security-policy') ?? ''
  return { status: answer.status, headers: answer.headers, policy, body: await answer.text() }
}

describe('the preview of mails', () => {
  it('lists every template', async () => {
    const { status, body } = await read('')
    expect(status).toBe(200)
    expect(body).toContain('<a href="/dev/mails/quarry.stone-ready">quarry.stone-ready</a>')
  })

  it('shows a mail of its sample props with its headers and its text, as text', async () => {
    const { body, policy } = await read('/quarry.stone-ready')
    expect(body).toContain('<dd>ada@example.com</dd>')
    expect(body).toContain('<dd>Ready, &lt;b&gt;Ada&lt;/b&gt;</dd>')
    expect(body).toContain('<pre>Ready, &lt;b&gt;Ada&lt;/b&gt;')
    expect(policy).toMatch(/default-src 'none'.*style-src 'sha256-/)
    expect(policy).not.toContain('unsafe')
  })

  it('gives the HTML part as it is, to its own page only, where it can run and load nothing', async () => {
    const { body, headers, policy } = await read('/quarry.stone-ready/html')
    expect(body).toContain('<p>Ready, &lt;b&gt;Ada&lt;/b&gt;</p>')
    expect(policy).toMatch(/default-src 'none'.*frame-ancestors 'self'.*; sandbox/)
    expect(policy).not.toContain('script-src')
    expect(headers.get('x-frame-options')).toBe('SAMEORIGIN')
  })

  it('gives the text part as it is', async () => {
    const { body, headers } = await read('/quarry.stone-ready/text')
    expect(body).toBe('Ready, <b>Ada</b>\n')
    expect(headers.get('content-type')).toBe('text/plain; charset=utf-8')
  })

  it('knows no other template', async () => {
    for (const path of ['/quarry.other', '/__proto__', '/quarry.other/html'])
      expect((await read(path)).status).toBe(404)
  })

  it('refuses two mails of one name', () => {
    const app = createBaseApp({
      config: { trustProxy: 0, corsOrigins: [] },
      log,
      metrics: createMetrics({ process: 'test' }),
    })
    expect(() => mountMailPreview(app, [stoneReady, stoneReady])).toThrow('Two mails have one name')
  })
})
