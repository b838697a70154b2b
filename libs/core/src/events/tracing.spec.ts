import { SpanKind } from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace'
import { z } from 'zod'
import { eventually } from '../../testing/eventually.ts'
import { createTaskQueue, createTaskWorkers, defineTask, handle } from '../queue/index.ts'
import { createMetrics, withSpan } from '../telemetry/index.ts'
import { defineEvent } from './event.ts'
import { createTestBed } from './testing/test-bed.ts'
import { on } from './listener.ts'

const shipped = defineEvent('shop.order-shipped', z.object({ orderId: z.int() }))
const print = defineTask('shop.print', z.object({ orderId: z.int() }))

describe('tracing', () => {
  it('leads in one trace from the publisher over the relay to the listener, and to a task', async () => {
    const exporter = new InMemorySpanExporter()
    const sdk = new NodeSDK({
      spanProcessors: [new SimpleSpanProcessor({ exporter })],
      textMapPropagator: new W3CTraceContextPropagator(),
      metricReaders: [],
      logRecordProcessors: [],
    })
    sdk.start()
    const bed = await createTestBed({ tracing: true })
    let handled = 0
    const work = () => withSpan('work', {}, async () => (handled += 1))
    const listeners = [on(shipped, 'shop.count', work)]
    const { config, queues, log } = bed
    const tasks = [handle(print, work)]
    await bed.start(
      bed.relay(listeners),
      bed.workers(listeners),
      createTaskWorkers({
        config,
        queues,
        tasks,
        log,
        metrics: createMetrics({ process: 'test' }),
      }),
    )
    await withSpan('request', { kind: SpanKind.SERVER }, async () => {
      await bed.publish(shipped, { orderId: 1 })
      await createTaskQueue({ config, queues }).enqueue(print, { orderId: 1 })
    })
    await eventually(() => handled === 2)
    await bed.stopAll()
    const spans = exporter.getFinishedSpans()
    await sdk.shutdown()

    const named = (name: string) => spans.filter((span) => span.name === name)
    const [request] = named('request')
    const paths = named('work').map((span) => pathTo(span.spanContext().spanId))
    expect(paths.toSorted()).toEqual([
      'request > enqueue shop.print > process shop.tasks > work',
      'request > relay shop.order-shipped > process shop.events > work',
    ])
    const traceIds = named('work').map((span) => span.spanContext().traceId)
    expect(new Set(traceIds)).toEqual(new Set([request?.spanContext().traceId]))

    function pathTo(spanId: string): string {
      const span = spans.find((each) => each.spanContext().spanId === spanId)
      if (!span) return '?'
      const parentId = span.parentSpanContext?.spanId
      return parentId ? `${pathTo(parentId)} > ${span.name}` : span.name
    }
  })
})
