import { randomBytes } from 'node:crypto'
import type { Settings } from '../dev/settings.ts'
import { ExpectedFault } from '../servers/expected-fault.ts'
import { followEvent, type FollowedEvent } from './follow-event.ts'
import { findMails } from './find-mails.ts'
import { receiveTrace } from './receive-trace.ts'

type Print = (line: string) => void

/** Registers somebody over HTTP and tells each hop: when it happened, counted from the request, and where to look at it. */
export async function runTour(settings: Settings, print: Print): Promise<void> {
  const api = `http://${settings.hosts.public}:${settings.ports.PORT}`
  const dashboard = `http://${settings.hosts.public}:${settings.ports.ADMIN_DASHBOARD_PORT}`
  await refuseUnlessReady(api)
  const trace = await receiveTrace(
    settings.shared.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ??
      settings.shared.OTEL_EXPORTER_OTLP_ENDPOINT,
  )

  print('One registration, from the request to the mail\n')
  const begun = Date.now()
  const { user, traceId } = await register(api)
  const answeredAfterMs = Date.now() - begun
  const since = (time: Date) => `${Math.max(0, time.getTime() - begun)} ms`.padStart(8)
  print(
    `${since(new Date(begun))}  HTTP    POST /api/v1/auth/register → 201 after ${answeredAfterMs} ms, user ${user.id} (${user.username})`,
  )
  print(`          ${api}/docs`)

  const handled = followEvent(settings.shared.DATABASE_URL ?? '', user.id)
  const [event, mails] = await Promise.all([
    handled,
    findMails(settings, user.email, handled.then(countMails)),
  ])
  print(
    `${since(event.occurredAt)}  outbox  ${event.name} written with the user, in one transaction`,
  )
  print(`          event ${event.id}, published after ${event.publishedAfterMs} ms`)
  for (const { listenerId, queue, finishedAt } of event.deliveries) {
    print(`${since(finishedAt)}  job     ${listenerId} done in the queue ${queue}`)
    print(`          ${dashboard}/queues/queue/${queue}?status=completed`)
  }

  for (const { receivedAt, subject, link, page } of mails ?? []) {
    print(`${since(receivedAt)}  mail    "${subject}" to ${user.email}`)
    print(`          ${link}`)
    if (page !== undefined) print(`          leads to ${page}`)
  }
  if (!mails)
    print(`          mail    SMTP_URL leads to a server of yours: look there for ${user.email}`)

  const lastJob = event.deliveries.at(-1)?.finishedAt ?? event.occurredAt
  const lastMail = mails?.at(-1)?.receivedAt
  if (lastMail) print(`\nFrom the request to the last mail in ${since(lastMail).trim()}.`)
  else print(`\nFrom the request to the last job in ${since(lastJob).trim()}.`)
  await printTrace(trace, traceId, print)
}

/** A listener that mails says so in its name, and sends one. */
function countMails({ deliveries }: FollowedEvent): number {
  return deliveries.filter(({ listenerId }) => listenerId.endsWith('-email')).length
}

async function refuseUnlessReady(api: string): Promise<void> {
  const answer = await fetch(`${api}/health/ready`).catch(() => undefined)
  if (answer?.ok) return
  throw new ExpectedFault(
    answer
      ? `The api at ${api} is not ready (${answer.status}): see ${api}/health/ready.`
      : `Nothing answers at ${api}. Start the system first, in another terminal: npm run dev`,
  )
}

async function register(api: string) {
  const username = `tour-${randomBytes(4).toString('hex')}`
  const body = {
    username,
    email: `${username}@example.com`,
    password: randomBytes(12).toString('base64url'),
  }
  const answer = await fetch(`${api}/api/v1/auth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (answer.status === 202)
    throw new ExpectedFault(
      'The registration was accepted, and its answer names nobody to follow: AUTH_REGISTRATION_QUIET is true. Take it out of .env for the tour.',
    )
  if (answer.status !== 201)
    throw new ExpectedFault(`The registration answered ${answer.status}: ${await answer.text()}`)
  const { data: user } = (await answer.json()) as {
    data: { id: number; username: string; email: string }
  }
  return { user, traceId: answer.headers.get('traceparent')?.split('-')[1] }
}

async function printTrace(
  trace: Awaited<ReturnType<typeof receiveTrace>>,
  traceId: string | undefined,
  print: Print,
): Promise<void> {
  if (trace.state === 'off') {
    print('\nTracing is off. To see one trace from the request to the mail, add this line to .env:')
    return print('  OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318')
  }
  if (!traceId)
    return print(
      '\nThis request was not traced: the api runs without tracing, or the sampler left it out.',
    )
  if (trace.state === 'elsewhere')
    return print(`\nTrace ${traceId}: look it up where ${trace.endpoint} keeps its traces.`)
  print(`\nTrace ${traceId}`)
  for (const line of await trace.linesOf(traceId)) print(`  ${line}`)
}
