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

export interface Report {
  results: Result[]
  events: EventRound[]
  starts: { name: string; startMs: number; idleMb: number; loadedMb: number }[]
  versions: Record<string, string>
  rounds: number
  seconds: number
}

const limit = 'limit'

export function renderReport(report: Report): string {
  const { results, events, starts, versions, rounds, seconds } = report
  return `# Benchmarks

Written by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}: ${rounds} rounds of ${seconds} s for each server, in turns, on ${cpus().length} cores that
load generator, servers, PostgreSQL (fsync on) and Redis share. Ratios are to the limit of the same round, as median (min–max); only they can be
compared with another machine's. The limit is \`node:http\` and \`pg\` alone; the peer is Fastify with its own plug-ins.

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
${events.length === 0 ? '' : `\n## Events\n\n${renderEvents(events)}\n`}`
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

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
