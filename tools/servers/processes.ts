import { execFileSync } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** A pid alone may be given to another program later; with its start time it names one process. */
export interface ProcessIdentity {
  pid: number
  startedAt: string
}

export function identify(pid: number): ProcessIdentity {
  return { pid, startedAt: startTime(pid) ?? '' }
}

export function isRunning({ pid, startedAt }: ProcessIdentity) {
  const now = startTime(pid)
  return now !== undefined && (startedAt === '' || now === startedAt)
}

/** Undefined when no such process runs; a zombie counts as gone. */
export function startTime(pid: number) {
  return process.platform === 'linux' ? startTimeFromProc(pid) : startTimeFromPs(pid)
}

export function commandLine(pid: number) {
  try {
    if (process.platform !== 'linux') return ps(pid, 'command')
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
  } catch {
    return ''
  }
}

export function workingFolder(pid: number) {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return undefined
  }
}

export interface StopStep {
  signal: NodeJS.Signals
  waitMs: number
}

/** Sends each signal in turn until the process is gone; the last resort is SIGKILL to its group. */
export async function stopProcess(identity: ProcessIdentity, steps: StopStep[]) {
  for (const { signal, waitMs } of steps) {
    if (!isRunning(identity)) return
    send(identity.pid, signal)
    if (await isGoneWithin(identity, waitMs)) return
  }
  send(-identity.pid, 'SIGKILL')
  send(identity.pid, 'SIGKILL')
  await isGoneWithin(identity, 1000)
}

export function send(pid: number, signal: NodeJS.Signals) {
  try {
    process.kill(pid, signal)
  } catch {
    // Already gone, or not a group leader.
  }
}

async function isGoneWithin(identity: ProcessIdentity, waitMs: number) {
  const deadline = Date.now() + waitMs
  while (isRunning(identity)) {
    if (Date.now() > deadline) return false
    await sleep(15)
  }
  return true
}

function startTimeFromProc(pid: number) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The command name may hold blanks and brackets, so fields are counted behind its last bracket.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
  } catch {
    return undefined
  }
}

function startTimeFromPs(pid: number) {
  try {
    return ps(pid, 'stat').startsWith('Z') ? undefined : ps(pid, 'lstart')
  } catch {
    return undefined
  }
}

function ps(pid: number, column: string) {
  return execFileSync('ps', ['-o', `${column}=`, '-p', String(pid)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim()
}
