import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

export interface MetricsDeps {
  /** Name of the process (`api`, `worker`, …): the label `process` of every metric. */
  process: string
}

export type Metrics = ReturnType<typeof createMetrics>

const requestSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const lagSeconds = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]
const jobSeconds = [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300]

/**
 * The metrics of one process, in a registry of their own, and Node's and the operating system's. A metric appears from the first use
 * of its member on, so that a process exports no metric that it never measures.
 *
 * @example
 * const metrics = createMetrics({ process: 'api' })
 * const stopTimer = metrics.httpRequestDuration.startTimer({ method: 'GET', route: '/users/:id' })
 * stopTimer({ status: 200 })
 * console.log(await metrics.registry.metrics())
 */
export function createMetrics({ process }: MetricsDeps) {
  const registry = new Registry()
  registry.setDefaultLabels({ process })
  collectDefaultMetrics({ register: registry })
  const registers = [registry]

  return onFirstUse({
    registry: () => registry,
    httpRequestDuration: () =>
      new Histogram({
        name: 'http_request_duration_seconds',
        help: 'Time from a request to the end of its answer, by route template.',
        labelNames: ['method', 'route', 'status'],
        buckets: requestSeconds,
        registers,
      }),
    httpRequestsInFlight: () =>
      new Gauge({
        name: 'http_requests_in_flight',
        help: 'Requests that are not answered yet.',
        registers,
      }),
    jobDuration: () =>
      new Histogram({
        name: 'job_duration_seconds',
        help: 'Time that one attempt of a job took.',
        labelNames: ['queue', 'job', 'outcome'],
        buckets: jobSeconds,
        registers,
      }),
    scheduleRunsMissed: () =>
      new Counter({
        name: 'schedule_runs_missed_total',
        help: 'Times of a schedule that passed without a run, because nobody could run it.',
        labelNames: ['task'],
        registers,
      }),
    queueJobs: () =>
      new Gauge({
        name: 'queue_jobs',
        help: 'Jobs in a queue, by state.',
        labelNames: ['queue', 'state'],
        registers,
      }),
    outboxUnpublishedEvents: () =>
      new Gauge({
        name: 'outbox_unpublished_events',
        help: 'Events in the outbox that no relay has handed over yet.',
        registers,
      }),
    outboxOldestUnpublishedSeconds: () =>
      new Gauge({
        name: 'outbox_oldest_unpublished_seconds',
        help: 'Age of the oldest event that no relay has handed over yet.',
        registers,
      }),
    eventDeliveriesOwed: () =>
      new Gauge({
        name: 'event_deliveries_owed',
        help: 'Deliveries of events to listeners that are due and neither finished nor dead; a million at most is counted.',
        registers,
      }),
    eventDeliveriesDead: () =>
      new Gauge({
        name: 'event_deliveries_dead',
        help: 'Deliveries of events to listeners that were given up; a million at most is counted.',
        registers,
      }),
    eventListenersHeld: () =>
      new Gauge({
        name: 'event_listeners_held',
        help: 'Listeners and tasks whose deliveries are held, because no release that is running knows them.',
        registers,
      }),
    outboxRelayedEvents: () =>
      new Counter({
        name: 'outbox_relayed_events_total',
        help: 'Events that this process handed over from the outbox.',
        registers,
      }),
    outboxRelayLag: () =>
      new Histogram({
        name: 'outbox_relay_lag_seconds',
        help: 'Time from an event to its hand-over to the queues of its listeners.',
        buckets: lagSeconds,
        registers,
      }),
    redisUp: () =>
      new Gauge({
        name: 'redis_up',
        help: '1 while the process is connected to Redis, otherwise 0.',
        registers,
      }),
    rateLimitFallback: () =>
      new Gauge({
        name: 'rate_limit_fallback',
        help: '1 while Redis does not count and rate limits hold in this process alone, otherwise 0.',
        registers,
      }),
    cacheLookups: () =>
      new Counter({
        name: 'cache_lookups_total',
        help: 'Look-ups in the cache, by outcome: hit, stale, miss, or error where Redis did not answer.',
        labelNames: ['space', 'outcome'],
        registers,
      }),
    mailsSent: () =>
      new Counter({
        name: 'mails_sent_total',
        help: 'Mails handed to the mail server, by outcome: sent, refused (for good) or failed (may be repeated).',
        labelNames: ['template', 'outcome'],
        registers,
      }),
  })
}

/** An object whose members are made when somebody asks for them, once. */
function onFirstUse<Members extends object>(make: {
  readonly [Name in keyof Members]: () => Members[Name]
}): Readonly<Members> {
  const members = {} as Members
  for (const name of Object.keys(make) as (keyof Members)[])
    Object.defineProperty(members, name, {
      configurable: true,
      enumerable: true,
      get: () => {
        const value = make[name]()
        Object.defineProperty(members, name, { value, enumerable: true })
        return value
      },
    })
  return members
}
