// npm run dev | tour | test | db:… begin here, on any Node from 20 on and with nothing installed: plain JavaScript,
// built-in modules only. Installs what the lock file says, then hands over to Node 24 and tools/dev/<command>.ts.
import { spawn, spawnSync } from 'node:child_process'
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { clearInterval, setInterval, setTimeout } from 'node:timers'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
const [command = '', ...args] = process.argv.slice(2)

/**
 * Settings of npm that a machine or a shell may have for its own good, and that would leave packages
 * out, lay them out in another way, or refuse to install them.
 */
const npmSettings = {
  include: 'dev\n\noptional\n\npeer',
  'bin-links': 'true',
  'dry-run': 'false',
  'engine-strict': 'false',
  global: 'false',
  'ignore-scripts': 'false',
  'install-strategy': 'hoisted',
  'legacy-peer-deps': 'false',
  loglevel: 'notice',
  'package-lock': 'true',
  'strict-allow-scripts': 'false',
  'strict-peer-deps': 'false',
}

checkNode()
if (!isInstalled()) await install()
handOver()

function checkNode() {
  const major = Number(process.versions.node.split('.')[0])
  if (major < 20) fail(`Node ${process.versions.node} is too old: install Node 20 or newer.`)
}

/** Compares what the lock file wants with what npm noted in node_modules; packages of other platforms may lack. */
function isInstalled() {
  const wanted = readJson('package-lock.json')?.packages
  const present = readJson('node_modules/.package-lock.json')?.packages
  if (!wanted) fail('package-lock.json is missing or broken: get it back with git.')
  if (!present || lacksNode(wanted)) return false
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.startsWith('node_modules/')) return true
    if (!present[path]) return Boolean(entry.optional || entry.devOptional || entry.extraneous)
    return entry.link
      ? present[path].resolved === entry.resolved
      : present[path].version === entry.version
  })
}

/** Installed by hand with `ignore-scripts`: the script of the package `node` has not unpacked it. */
function lacksNode(wanted) {
  const isOurs = 'node_modules/node' in wanted
  return isOurs && isTooOld() && !existsSync(join(root, 'node_modules/node/bin/node'))
}

/** Whether the Node that runs this cannot stand in for the one of the packages. */
function isTooOld() {
  return Number(process.versions.node.split('.')[0]) < 24
}

async function install() {
  const unlock = await lockInstallation()
  try {
    if (isInstalled()) return
    process.stdout.write('Installing the packages of package-lock.json (once; a minute or two)\n')
    const started = Date.now()
    const { code, output } = await runNpm(['ci', '--no-audit', '--no-fund', '--no-progress'])
    if (code !== 0) fail(explain(output))
    process.stdout.write(`Installed in ${Math.round((Date.now() - started) / 1000)} s\n`)
  } finally {
    unlock()
  }
}

function runNpm(npmArgs) {
  const npm = process.env.npm_execpath
  const [program, first] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []]
  const child = spawn(program, [...first, ...npmArgs], {
    cwd: root,
    env: installEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
  })
  const stopProgress = showProgress()
  const forward = forwardSignals(child)
  return new Promise((resolve) => {
    let output = ''
    child.stdout.on('data', (text) => (output += text))
    child.stderr.on('data', (text) => (output += text))
    child.once('error', (error) => settle(1, String(error)))
    child.once('close', (code, signal) => {
      if (signal) process.exit(130)
      settle(code, output)
    })
    function settle(code, text) {
      stopProgress()
      forward.stop()
      resolve({ code, output: text })
    }
  })
}

/** Environment variables reach the npm that a package starts in turn; flags would not. */
function installEnvironment() {
  const own = new Set(['omit', 'only', 'production', ...Object.keys(npmSettings)].map(variableOf))
  const kept = Object.entries(process.env).filter(
    ([name]) => name !== 'NODE_ENV' && !own.has(name.toLowerCase().replaceAll('-', '_')),
  )
  const set = Object.entries(npmSettings).map(([name, value]) => [variableOf(name), value])
  return Object.fromEntries([...kept, ...set])
}

function variableOf(setting) {
  return `npm_config_${setting.replaceAll('-', '_')}`
}

function showProgress() {
  const started = Date.now()
  const { isTTY } = process.stdout
  const timer = setInterval(
    () => {
      const seconds = Math.round((Date.now() - started) / 1000)
      const line = `  ${countPackages()} packages, ${seconds} s`
      process.stdout.write(isTTY ? `\r\x1b[K${line}` : `${line}\n`)
    },
    isTTY ? 500 : 10_000,
  )
  return () => {
    clearInterval(timer)
    if (isTTY) process.stdout.write('\r\x1b[K')
  }
}

function countPackages() {
  try {
    const names = readdirSync(join(root, 'node_modules')).filter((name) => !name.startsWith('.'))
    const scoped = names.filter((name) => name.startsWith('@'))
    const inside = scoped.map((name) => readdirSync(join(root, 'node_modules', name)).length)
    return names.length - scoped.length + inside.reduce((sum, count) => sum + count, 0)
  } catch {
    return 0
  }
}

function explain(output) {
  if (/ENOSPC/.test(output))
    return `The packages cannot be installed: no space left on the disk of ${root} (they need about 1.5 GB).`
  if (/ENOTCACHED/.test(output))
    return 'The packages cannot be installed: npm is set to be offline. Install once with: npm_config_offline=false npm run setup'
  if (/CERT_|_CERT|SELF_SIGNED/.test(output))
    return 'The packages cannot be installed: the certificate of the npm registry is not trusted. Name the one to trust: npm config set cafile <file>'
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ECONNRESET|ENETUNREACH|network/i.test(output))
    return 'The packages cannot be installed: the npm registry cannot be reached. Connect, and run it again.'
  if (/EACCES|EPERM/.test(output))
    return `The packages cannot be installed: ${root}/node_modules belongs to another user.`
  const reasons = output.split('\n').filter((line) => /^npm (error|ERR!)/.test(line))
  return `The packages cannot be installed (npm ci):\n${reasons.slice(0, 12).join('\n') || output}`
}

/** Two commands started at once on a fresh clone: one installs, the other waits for it. */
async function lockInstallation() {
  const lock = join(root, '.ashlar/install.lock')
  const draft = `${lock}.${process.pid}`
  for (;;) {
    try {
      mkdirSync(dirname(lock), { recursive: true })
      writeFileSync(draft, String(process.pid))
      // A link makes the lock together with its content, so nobody reads it empty.
      linkSync(draft, lock)
      const unlock = () => rmSync(lock, { force: true })
      process.once('exit', unlock)
      return unlock
    } catch (error) {
      if (error.code === 'ENOSPC') fail(explain('ENOSPC'))
      if (error.code !== 'EEXIST') fail(`${lock} cannot be written: ${error.message}`)
      if (!isAlive(Number(readText('.ashlar/install.lock')))) rmSync(lock, { force: true })
      else await new Promise((resolve) => setTimeout(resolve, 300))
    } finally {
      rmSync(draft, { force: true })
    }
  }
}

function isAlive(pid) {
  try {
    return pid > 0 && process.kill(pid, 0)
  } catch (error) {
    return error.code === 'EPERM'
  }
}

function handOver() {
  const script = join(root, 'tools/dev', `${command}.ts`)
  if (!/^[a-z]+$/.test(command) || !existsSync(script)) fail(`There is no command "${command}".`)
  // The channel tells the child when we are gone, also by kill -9.
  const child = spawn(findNode(), [script, ...args], {
    cwd: root,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: commandEnvironment(),
  })
  const forward = forwardSignals(child)
  child.once('error', (error) => fail(`Node 24 does not start: ${error.message}`))
  child.once('exit', (code, signal) => {
    forward.stop()
    if (signal) process.kill(process.pid, signal)
    else process.exit(code ?? 1)
  })
  whenParentEnds(() => child.connected && child.disconnect())
}

/**
 * The commands are for development and tests, whatever NODE_ENV says in the shell. They reach their
 * own servers past a proxy, which Node uses for every address under NODE_USE_ENV_PROXY.
 */
function commandEnvironment() {
  const { env } = process
  const given = env.no_proxy ?? env.NO_PROXY
  const direct = [given, 'localhost', '127.0.0.1', '[::1]'].filter(Boolean).join(',')
  const path = `${join(root, 'node_modules/.bin')}:${env.PATH}`
  return { ...env, NODE_ENV: undefined, NO_PROXY: direct, no_proxy: direct, PATH: path }
}

/**
 * Node 24 comes with the packages; where its binary could not be unpacked, a new enough one of the
 * machine serves.
 */
function findNode() {
  const own = join(root, 'node_modules/.bin/node')
  const { status, stderr } = spawnSync(own, ['--version'], { encoding: 'utf8' })
  if (status === 0) return own
  if (/NODE_OPTIONS/.test(stderr)) fail(`Node 24 does not take NODE_OPTIONS: ${stderr.trim()}`)
  if (!isTooOld()) return process.execPath
  fail('Node 24 is not in node_modules. Remove node_modules and run it again.')
}

function forwardSignals(child) {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  const handlers = signals.map((signal) => [signal, () => child.kill(signal)])
  for (const [signal, handler] of handlers) process.on(signal, handler)
  return { stop: () => handlers.forEach(([signal, handler]) => process.off(signal, handler)) }
}

/** npm killed with -9 tells nobody; we then have another parent. A shell of npm may stand between. */
function whenParentEnds(end) {
  const ancestors = [process.ppid, parentOfShell(process.ppid)].filter((pid) => pid > 1)
  const timer = setInterval(() => {
    if (process.ppid === ancestors[0] && ancestors.every(isAlive)) return
    clearInterval(timer)
    end()
  }, 500)
  timer.unref()
}

function parentOfShell(pid) {
  if (!process.env.npm_lifecycle_event) return 0
  const [, name, parent] = /\((.*)\) \S (\d+)/.exec(readText(`/proc/${pid}/stat`)) ?? []
  return name === 'sh' ? Number(parent) : 0
}

function readJson(path) {
  try {
    return JSON.parse(readText(path))
  } catch {
    return undefined
  }
}

function readText(path) {
  try {
    return readFileSync(path.startsWith('/') ? path : join(root, path), 'utf8')
  } catch {
    return ''
  }
}

function fail(message) {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}
