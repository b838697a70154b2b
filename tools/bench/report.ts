import { cpus } from 'node:os'
import type { Sample, Workload } from './load.ts'

/** The samples of each server, round by round: those of one round belong together. */
export interface Result {
  workload: Workload
  rounds: Record<string, Sample>[]
}

export interface EventRates {
  workedOffPerSecond: number
  lagMs: { p50: number; p99: number }
}

export interface EventRound {
  limit: EventRates
  ashlar: EventRates
}

export interface Growth {
  /** Milliseconds for a page by cursor, with 10,000 and with a million rows. */
  pages: { sort: string; fewMs: number; manyMs: number }[]
  /** Events worked off in a second, from a backlog of a thousand and of a hundred thousand. */
  drain: { few: number; many: number }
  /** Events deleted in a second, of 20,000 and of 400,000 that are old. */
  prune: { few: number; many: number }
  /** From a publish to its listener at a hundred a second, without and beside a million published events. */
  lag: Record<'few' | 'many', { p50: number; p99: number }>
}

/** Milliseconds that unrelated events wait beside `rows` of something. */
export interface Weight {
  beside: string
  rows: number
  p50: number
  p99: number
}

/** Medians of what must take as long for an account that is not there, or not active, as for one that is. */
export interface Timing {
  request: string
  rounds: number
  medianMs: number
  unknown: number
  inactive?: number
}

/** CPU time of one answer in microseconds, by what makes it JSON. */
export interface SerializationRound {
  /** Parsed by zod, then `JSON.stringify`. */
  parsedUs: number
  /** The compiled allow-list of core. */
  compiledUs: number
  /** `JSON.stringify` of the row as it is, without an allow-list. */
  wholeUs: number
}

export interface Serialization {
  answer: string
  rounds: SerializationRound[]
}

export interface Report {
  results: Result[]
  events: EventRound[]
  growth: Growth | undefined
  weights: Weight[]
  timings: Timing[]
  serializations: Serialization[]
  starts: { name: string; startMs: number; idleMb: number; loadedMb: number }[]
  versions: Record<string, string>
  rounds: number
  seconds: number
}

const limit = 'limit'

export function renderReport(report: Report): string {
  const { results, events, growth, weights, timings, serializations } = report
  const { starts, versions, rounds, seconds } = report
  return `# Benchmarks

Written by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}: ${rounds} rounds of ${seconds} s for each server, in turns, on ${cpus().length} cores that
load generator, servers, PostgreSQL (fsync on) and Redis share. Ratios are to the limit of the same round, as median (min–max); only they can be
compared with another machine's. The limit is \`node:http\` and \`pg\` alone, and remembers verified tokens; the peers are Fastify and NestJS with their own plug-ins, and the same
statements over \`pg\`. The api has the options of Node that the image sets, and once the heap of a container with 512 MB as well; the others take what Node
gives. The limit and the peers read and count for each request of the list; the api asks equal questions that come at the same time once.

${Object.entries(versions)
  .map(([name, version]) => `${name} ${version}`)
  .join(', ')}.

${table(
  [
    'Workload',
    'Connections',
    'Server',
    'Ratio to the limit',
    'Requests/s',
    'CPU µs/request',
    'p50 ms',
    'p99 ms',
    'Failures',
  ],
  results.flatMap(rowsOf),
)}

## Start and memory

${table(
  ['Server', 'First answer after ms', 'Idle MB', 'After the load MB'],
  starts.map(({ name, startMs, idleMb, loadedMb }) => [
    name,
    ...[startMs, idleMb, loadedMb].map((value) => value.toFixed(0)),
  ]),
)}
${section('Events', events.length > 0 && renderEvents(events))}${section('Growth', growth && renderGrowth(growth))}${section('Weight', weights.length > 0 && renderWeights(weights))}${section('Answers that must not tell', timings.length > 0 && renderTimings(timings))}${section('Serialization', serializations.length > 0 && renderSerializations(serializations))}`
}

function section(title: string, text: string | false | undefined): string {
  return text ? `\n## ${title}\n\n${text}\n` : ''
}

function rowsOf({ workload, rounds }: Result): string[][] {
  return Object.keys(rounds[0] ?? {}).map((name) => {
    const samples = rounds.flatMap((round) => round[name] ?? [])
    const ratios = rounds.map((round) => perSecond(round, name) / perSecond(round, limit))
    const middle = (key: keyof Sample) => median(samples.map((sample) => sample[key]))
    return [
      workload.name,
      String(workload.connections),
      name,
      spread(ratios),
      middle('perSecond').toFixed(0),
      middle('cpuUs').toFixed(0),
      middle('p50').toFixed(0),
      middle('p99').toFixed(0),
      String(samples.reduce((sum, { failures }) => sum + failures, 0)),
    ]
  })
}

function renderEvents(events: EventRound[]): string {
  const worked = events.map(
    ({ limit, ashlar }) => ashlar.workedOffPerSecond / limit.workedOffPerSecond,
  )
  const row = (name: 'limit' | 'ashlar', ratio: string) => [
    name,
    ratio,
    median(events.map((round) => round[name].workedOffPerSecond)).toFixed(0),
    median(events.map((round) => round[name].lagMs.p50)).toFixed(1),
    median(events.map((round) => round[name].lagMs.p99)).toFixed(1),
  ]
  return table(
    ['Server', 'Backlog to the limit', 'Worked off/s', 'Lag p50 ms', 'Lag p99 ms'],
    [row('limit', '1'), row('ashlar', spread(worked))],
  )
}

function renderGrowth({ pages, drain, prune, lag }: Growth): string {
  const inMs = ({ p50, p99 }: { p50: number; p99: number }) => `${p50} / ${p99}`
  return `${table(
    ['A page of 20 by cursor, sorted by', '10,000 rows, ms', '1,000,000 rows, ms', 'Ratio'],
    pages.map(({ sort, fewMs, manyMs }) => [
      sort,
      fewMs.toFixed(2),
      manyMs.toFixed(2),
      (manyMs / fewMs).toFixed(2),
    ]),
  )}

${table(
  ['Events', 'Few', 'Many'],
  [
    [
      'worked off in a second from a backlog of 1,000 / 100,000',
      String(drain.few),
      String(drain.many),
    ],
    ['deleted in a second of 20,000 / 400,000 old ones', String(prune.few), String(prune.many)],
    ['lag p50 / p99 ms beside 0 / 1,000,000 published ones', inMs(lag.few), inMs(lag.many)],
  ],
)}`
}

function renderWeights(weights: Weight[]): string {
  return `Twenty events a second that have nothing to do with what weighs on the same tables, from the publish to their listener; one process relays and
works all of it off. The statistics of the tables are from before. The target for p99 is below 200 ms.

${table(
  ['Beside', 'Rows', 'Lag p50 ms', 'Lag p99 ms'],
  weights.map(({ beside, rows, p50, p99 }) => [
    beside,
    rows.toLocaleString('en'),
    String(p50),
    String(p99),
  ]),
)}`
}

function renderTimings(timings: Timing[]): string {
  return `Medians one at a time, in turns, and their ratio to that of a known, active account (for a registration: of a free address).

${table(
  ['Request', 'Rounds', 'Median ms', 'Unknown', 'Inactive'],
  timings.map(({ request, rounds, medianMs, unknown, inactive }) => [
    request,
    String(rounds),
    medianMs.toFixed(1),
    unknown.toFixed(3),
    inactive?.toFixed(3) ?? '',
  ]),
)}`
}

function renderSerializations(serializations: Serialization[]): string {
  return `CPU time of an answer on its way through its response schema, in turns, as a ratio to zod's parse and \`JSON.stringify\`.

${table(
  ['Answer', 'zod µs', 'Compiled', 'No allow-list'],
  serializations.map(({ answer, rounds }) => [
    answer,
    median(rounds.map(({ parsedUs }) => parsedUs)).toFixed(2),
    spread(rounds.map(({ compiledUs, parsedUs }) => compiledUs / parsedUs)),
    spread(rounds.map(({ wholeUs, parsedUs }) => wholeUs / parsedUs)),
  ]),
)}`
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

function perSecond(round: Record<string, Sample>, name: string): number {
  return round[name]?.perSecond ?? 0
}

function spread(values: number[]): string {
  const [low, high] = [Math.min(...values), Math.max(...values)]
  return `${median(values).toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`
}

/** Milliseconds from each of these times to that of its number in `arrivals`. */
export function lagOf(published: number[], arrivals: ReadonlyMap<number, number>) {
  const lags = published
    .map((at, step) => Math.max((arrivals.get(step) ?? 0) - at, 0))
    .sort((a, b) => a - b)
  const quantile = (share: number) => Number(lags[Math.floor(lags.length * share)]?.toFixed(1))
  return { p50: quantile(0.5), p99: quantile(0.99) }
}

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
