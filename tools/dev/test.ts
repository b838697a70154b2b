import { spawn, spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/**
 * `npm test`: everything that must hold, on servers of its own. Arguments go to Jest: `npm test -- libs/auth` runs those tests alone,
 * `npm test -- --coverage` measures. The last line counts tests and checks.
 */
const root = join(import.meta.dirname, '..', '..')
const jestArguments = process.argv.slice(2)
const reportFile = join(root, '.ashlar', `test-report-${process.pid}.json`)

const environment = {
  ...process.env,
  NX_DAEMON: 'false',
  NX_TUI: 'false',
  NX_NO_CLOUD: 'true',
  FORCE_COLOR: process.stdout.isTTY ? '1' : '0',
}

interface Check {
  name: string
  command: string[]
}

const checks: Check[] = [
  { name: 'generated code', command: ['node', 'tools/build/prepare.ts'] },
  { name: 'format', command: ['prettier', '--check', '--log-level', 'warn', '.'] },
  { name: 'types', command: ['nx', 'run-many', '-t', 'typecheck', '--outputStyle=static'] },
  {
    name: 'lint and boundaries',
    command: ['nx', 'run-many', '-t', 'lint', '--outputStyle=static'],
  },
  { name: 'generated documents', command: ['node', 'tools/dev/docs.ts', '--check'] },
  { name: 'unused code', command: ['knip'] },
  { name: 'build', command: ['nx', 'run-many', '-t', 'build', '--outputStyle=static'] },
  // One project, to know that the target itself works; Jest runs all of them below.
  { name: 'a test target of Nx', command: ['nx', 'test', '@ashlar/modules'] },
]

const counts = { passed: 0, failed: 0, skipped: 0 }

// A narrowed run is for a quick answer: it needs what the tests need, and none of the other checks.
const narrowed = jestArguments.some((argument) => !argument.startsWith('-'))
for (const check of narrowed ? checks.filter(({ name }) => /generated|build/.test(name)) : checks)
  run(check)
await runJest()

process.stdout.write(
  `\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`,
)
process.exitCode = counts.failed > 0 ? 1 : 0

function run({ name, command: [program = '', ...args] }: Check): void {
  const begun = performance.now()
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: root,
    env: environment,
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  })
  const seconds = ((performance.now() - begun) / 1_000).toFixed(1)
  const passed = status === 0
  counts[passed ? 'passed' : 'failed'] += 1
  process.stdout.write(`${passed ? '✓' : '✗'} ${name} (${seconds} s)\n`)
  if (!passed) process.stdout.write(`${stdout ?? ''}${stderr ?? ''}\n`)
}

async function runJest(): Promise<void> {
  const jest = spawn('jest', ['--json', '--outputFile', reportFile, ...jestArguments], {
    cwd: root,
    env: environment,
    stdio: ['inherit', 'ignore', 'inherit'],
  })
  const forward = (signal: NodeJS.Signals) => jest.kill(signal)
  process.on('SIGINT', forward).on('SIGTERM', forward)
  const code = await new Promise((resolve) => jest.on('close', resolve))
  countTests(code === 0)
}

function countTests(succeeded: boolean): void {
  try {
    const report = JSON.parse(readFileSync(reportFile, 'utf8')) as JestReport
    counts.passed += report.numPassedTests
    counts.failed += report.numFailedTests + report.numRuntimeErrorTestSuites
    counts.skipped += report.numPendingTests + report.numTodoTests
  } catch {
    counts.failed += 1
  } finally {
    rmSync(reportFile, { force: true })
  }
  // For instance a global teardown that failed after every test had passed.
  if (!succeeded && counts.failed === 0) counts.failed += 1
}

interface JestReport {
  numPassedTests: number
  numFailedTests: number
  numRuntimeErrorTestSuites: number
  numPendingTests: number
  numTodoTests: number
}
