import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { build } from 'esbuild'
import { eventually } from '../../testing/eventually.ts'
import { startOtlpReceiver, type OtlpReceiver } from '../../testing/otlp-receiver.ts'
import { startSmtpServer, type TestSmtpServer } from '../../testing/smtp-server.ts'

const root = join(__dirname, '../../../..')
const bundle = join(root, '.ashlar/tmp/traced-process', `${process.pid}.cjs`)

describe('tracing', () => {
  let otlp: OtlpReceiver
  let smtp: TestSmtpServer
  let running: ChildProcess | undefined

  beforeAll(async () => {
    await build({
      entryPoints: [join(__dirname, 'fixtures/traced-process.ts')],
      outfile: bundle,
      bundle: true,
      format: 'cjs',
      platform: 'node',
      packages: 'external',
    })
  })
  afterAll(() => rm(bundle))
  beforeEach(async () => {
    otlp = await startOtlpReceiver()
    smtp = await startSmtpServer()
  })
  afterEach(async () => {
    running?.kill('SIGKILL')
    await Promise.all([otlp.stop(), smtp.stop()])
  })

  it('follows a request to the mail of its job, in one trace', async () => {
    const traced = await run({ OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url })
    const { headers, context } = await traced.ask('/users/7?token=secret-token')
    await smtp.waitForMail()
    await traced.stop()

    const request = spanOf('server', 'GET /users/:id')
    expect(headers.get('traceparent')).toBe(context?.traceparent)
    expect(context?.traceparent).toContain(request.traceId)
    const trace = otlp.spans.filter(({ traceId }) => traceId === request.traceId)
    for (const name of [/^pg.query:SELECT/, /^set$/, /^GET$/, /^process traced-/, /^mail.send$/])
      expect(trace.map((span) => span.name)).toContainEqual(expect.stringMatching(name))
    expect(spanOf('client', 'mail.send').parentSpanId).toBe(
      spanOf('consumer', `process ${traced.queue}`).spanId,
    )
    expect(request.service).toBe('traced-process')
  })

  it('is on with an endpoint for traces alone, which is taken as it is', async () => {
    const traced = await run({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${otlp.url}/v1/traces` })
    const { context } = await traced.ask('/users/7')
    await traced.stop()
    expect(context?.traceparent).toContain(spanOf('server', 'GET /users/:id').traceId)
  })

  it('names the trace in the log lines of the request', async () => {
    const traced = await run({ OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url })
    const { context } = await traced.ask('/users/7')
    await traced.stop()
    for (const message of ['asked', 'request answered']) {
      const line = traced.lines.map(parse).find(({ msg }) => msg === message)
      expect(context?.traceparent).toContain(line?.['traceId'])
    }
  })

  it('names the trace in the log line of a request whose client went away', async () => {
    const traced = await run({ OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url })
    const client = new AbortController()
    const request = fetch(traced.url('/silent'), { signal: client.signal })
    const lineOf = (message: string) => traced.lines.map(parse).find(({ msg }) => msg === message)
    const asked = await eventually(() => lineOf('silent'))
    client.abort()
    await expect(request).rejects.toThrow()
    const aborted = await eventually(() => lineOf('request aborted'))
    expect(aborted['traceId']).toBe(asked['traceId'])
    expect(asked['traceId']).toMatch(/^[0-9a-f]{32}$/)
  })

  it('sends no parameter, payload or query value, and nothing of probes and idle workers', async () => {
    const traced = await run({ OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url })
    await traced.ask('/users/7?token=secret-token')
    await traced.ask('/health/live?token=secret-token')
    await smtp.waitForMail()
    await traced.stop()
    expect(JSON.stringify(otlp.spans)).not.toMatch(/secret|ada@/)
    const roots = otlp.spans.filter(({ parentSpanId }) => parentSpanId === '')
    expect(roots.map(({ name }) => name)).toEqual(['GET /users/:id'])
  })

  it('tells the caller of a probe that its trace is not recorded', async () => {
    const traced = await run({ OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url })
    const { headers } = await traced.ask('/health/live')
    expect(headers.get('traceparent')).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/)
    await traced.stop()
  })

  const noTraces = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' }
  const traceId = 'a'.repeat(32)
  const traceparent = (flags: string, id = traceId) => `00-${id}-${'b'.repeat(16)}-${flags}`

  it.each([
    ['a flag', traceparent('01')],
    ['a trace id that every share has', traceparent('01', `${'0'.repeat(31)}1`)],
    ['all flags', traceparent('ff')],
    ['a flag of a later version', `cc-${traceId}-${'b'.repeat(16)}-01-more`],
  ])('is not forced by a stranger with %s', async (_what, traceparent) => {
    const traced = await run({
      OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url,
      ...noTraces,
      OTEL_TRACES_SAMPLER_ARG: '0.000000001',
    })
    const { headers } = await traced.ask('/users/1', { traceparent, tracestate: 'a=1' })
    await traced.stop()
    expect(headers.get('traceparent')).toMatch(/-00$/)
    expect(otlp.spans).toEqual([])
  })

  it('is not avoided by a stranger, and has the trace id that was sent, without the state', async () => {
    const traced = await run({ OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url })
    const { context } = await traced.ask('/users/1', {
      traceparent: traceparent('00'),
      tracestate: `a=${'x'.repeat(200)}`,
    })
    await traced.stop()
    expect(context).toEqual({ traceparent: expect.stringMatching(`^00-${traceId}-.{16}-01$`) })
    expect(spanOf('server', 'GET /users/:id').traceId).toBe(traceId)
  })

  it('is decided by a caller that is trusted', async () => {
    const traced = await run({
      OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url,
      TRUST_TRACEPARENT: 'true',
      ...noTraces,
    })
    await traced.ask('/users/1')
    const { context } = await traced.ask('/users/2', {
      traceparent: traceparent('01'),
      tracestate: 'a=1',
    })
    await traced.ask('/users/3', { traceparent: traceparent('00', 'c'.repeat(32)) })
    await traced.stop()
    expect(new Set(otlp.spans.map((span) => span.traceId))).toEqual(new Set([traceId]))
    expect(context).toMatchObject({ tracestate: 'a=1' })
  })

  it('has all of a request, or nothing of it, also where a share of spans is asked for', async () => {
    const traced = await run({
      OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url,
      OTEL_TRACES_SAMPLER: 'traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.5',
    })
    for (let id = 1; id <= 30; id++) await traced.ask(`/users/${id}`)
    await traced.stop()
    const requests = otlp.spans.filter(({ kind }) => kind === 'server')
    expect(requests.length).toBeGreaterThan(0)
    for (const { traceId } of requests) {
      const names = otlp.spans.filter((span) => span.traceId === traceId).map(({ name }) => name)
      expect(names).toContainEqual(expect.stringMatching(/^pg.query:SELECT/))
      expect(names).toContain('set')
    }
  })

  it.each([
    ['without an endpoint', () => ({})],
    [
      'when it is disabled',
      () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url, OTEL_SDK_DISABLED: 'true' }),
    ],
  ])('is off %s, and loads nothing of the SDK', async (_when, environment) => {
    const traced = await run(environment())
    const { headers, context } = await traced.ask('/users/7')
    expect((await traced.ask('/health/live')).headers.get('traceparent')).toBeNull()
    await smtp.waitForMail()
    await traced.stop()
    expect(traced.loaded).toEqual(['@opentelemetry/api'])
    expect(headers.get('traceparent')).toBeNull()
    expect(context).toBeNull()
    expect(otlp.spans).toEqual([])
  })

  it('does not hold up a stop when the collector is away', async () => {
    await otlp.stop()
    const traced = await run({ OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url })
    await traced.ask('/users/7')
    await traced.stop()
    expect(parse(traced.lines.at(-1))['flushMs']).toBeLessThan(8_000)
  })

  function spanOf(kind: string, name: string) {
    const span = otlp.spans.find((each) => each.kind === kind && each.name === name)
    if (!span) throw new Error(`No ${name} among ${JSON.stringify(otlp.spans.map((s) => s.name))}`)
    return span
  }

  async function run(environment: Record<string, string>) {
    const queue = `traced-${process.pid}-${Date.now()}`
    const { PATH, DATABASE_URL, REDIS_URL } = process.env
    const child = spawn(process.execPath, [bundle], {
      env: { PATH, DATABASE_URL, REDIS_URL, SMTP_URL: smtp.url, QUEUE: queue, ...environment },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    running = child
    const lines: string[] = []
    const reader = createInterface({ input: child.stdout }).on('line', (line) => lines.push(line))
    await once(reader, 'line')
    const { port, loaded } = parse(lines[0])
    const url = (path: string) => `http://127.0.0.1:${String(port)}${path}`
    return { queue, lines, loaded, url, ask, stop }

    async function ask(path: string, headers: Record<string, string> = {}) {
      const response = await fetch(url(path), { headers })
      const { context } = (await response.json()) as { context?: { traceparent: string } | null }
      return { headers: response.headers, context }
    }

    async function stop() {
      child.stdin.end()
      const [code] = (await once(child, 'close')) as [number]
      expect(code).toBe(0)
    }
  }
})

const parse = (line = '{}') => JSON.parse(line) as Record<string, unknown>
