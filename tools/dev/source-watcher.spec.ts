import { spawnSync } from 'node:child_process'
import { platform } from 'node:os'

const probe = `
import { asExpectedFault } from './tools/servers/expected-fault.ts'
import { watchSources } from './tools/dev/source-watcher.ts'
const refused = (error) => console.log(asExpectedFault(error)?.message)
watchSources({ folders: ['tools', 'docs'], files: ['.env'], changed() {}, refused })()
console.log('goes on')
`

/** A user namespace has limits of its own, so that nobody else meets them. */
const withLimit = (limit: string, value: number, ...command: string[]) =>
  spawnSync(
    'unshare',
    [
      ...['--user', '--map-root-user', 'sh', '-c'],
      `echo ${value} > /proc/sys/user/${limit} && exec "$@"`,
      ...['sh', ...command],
    ],
    { encoding: 'utf8' },
  )

const hasLimits = platform() === 'linux' && withLimit('max_inotify_watches', 9, 'true').status === 0

/** Skipped where the system has no inotify, or lets its users make no namespaces. */
const itHas = hasLimits ? it : it.skip

describe('the watcher of the sources', () => {
  itHas.each([
    ['files and folders', 'max_inotify_watches', 3],
    ['watchers', 'max_inotify_instances', 0],
  ])(
    'says once which limit of the system allows no more %s, and goes on',
    (_what, limit, value) => {
      const { stdout, stderr } = withLimit(
        ...([limit, value, process.execPath, '--input-type=module', '-e', probe] as const),
      )
      expect(stderr).toBe('')
      expect(stdout.trim().split('\n')).toEqual([
        expect.stringMatching(/^This system lets its users watch no more.*sysctl fs\.inotify/),
        'goes on',
      ])
    },
  )

  it('calls a limit on open files by its name', () => {
    const script = `ulimit -n 40 && exec "$@"`
    const opens = `
import { openSync } from 'node:fs'
import { runMain } from './tools/servers/expected-fault.ts'
await runMain(async () => { for (;;) openSync('/dev/null') })`
    const { status, stderr } = spawnSync(
      'sh',
      ['-c', script, 'sh', process.execPath, '--input-type=module', '-e', opens],
      { encoding: 'utf8' },
    )
    expect(stderr).toBe('Too many files are open. Raise the limit first: ulimit -n 4096\n')
    expect(status).toBe(1)
  })
})
