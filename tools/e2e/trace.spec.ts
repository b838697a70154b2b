import { eventually, startOtlpReceiver, type OtlpReceiver } from '@ashlar/core/testing'
import { buildRegistration } from '@ashlar/auth/testing'
import { postJson } from './clients.ts'
import type { RunningProcess } from './running-process.ts'
import { createSystem, type System } from './system.ts'

let system: System
let otlp: OtlpReceiver
let worker: RunningProcess

beforeAll(async () => {
  otlp = await startOtlpReceiver()
  system = await createSystem()
})
afterAll(async () => {
  await system.stop()
  await otlp.stop()
})

describe('With tracing on', () => {
  it('one trace leads from the request over outbox and job to the mail, and names no secret', async () => {
    const tracing = { OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url, OTEL_BSP_SCHEDULE_DELAY: '200' }
    const [api] = await Promise.all([
      system.start('api', tracing),
      system
        .start('worker', { ...tracing, LOG_LEVEL: 'info' })
        .then((started) => (worker = started)),
    ])
    const body = buildRegistration()
    const answer = await postJson(`${api.url}/api/v1/auth/register`, body)
    expect(answer.status).toBe(201)
    const traceId = answer.headers.get('traceparent')?.split('-')[1]
    expect(traceId).toMatch(/^[0-9a-f]{32}$/)

    const mail = await otlp.waitForSpan(
      (span) => span.name === 'mail.send' && span.traceId === traceId,
    )
    const path = await eventually(() => {
      const names = ancestors(mail.spanId)
      return names.includes('POST /api/v1/auth/register') && names
    })
    expect(path).toEqual([
      'mail.send',
      'process auth.events',
      'relay auth.user-registered',
      'POST /api/v1/auth/register',
    ])
    const sent = JSON.stringify(otlp.spans)
    expect(sent).not.toContain(body.password)
    expect(sent).not.toContain(body.email)
  })

  it('the log line of a job names the trace of the request that caused it', async () => {
    const request = otlp.spans.find(({ name }) => name === 'POST /api/v1/auth/register')
    // The last one may not be whole yet.
    const line = await eventually(() =>
      worker
        .output()
        .split('\n')
        .slice(0, -1)
        .find((line) => line.includes('"auth.send-welcome-email"')),
    )
    expect(JSON.parse(line)).toMatchObject({ msg: 'a job is done', traceId: request?.traceId })
  })

  it('health, metrics and idle polling make no trace', () => {
    const roots = otlp.spans.filter(({ parentSpanId }) => !parentSpanId).map(({ name }) => name)
    expect(new Set(roots)).toEqual(new Set(['POST /api/v1/auth/register']))
  })
})

/** Names from a span up to the first of its trace. */
function ancestors(spanId: string): string[] {
  const span = otlp.spans.find((each) => each.spanId === spanId)
  return span ? [span.name, ...ancestors(span.parentSpanId)] : []
}
