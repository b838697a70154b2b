import { spawn, type ChildProcess } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { ExpectedFault } from './expected-fault.ts'
import type { Child } from './stopping.ts'

export type ReaperOrder = { watch: Child } | { forget: number } | { removeAfterwards: string }

let orders: ReaperOrder[] = []
let reaper: ChildProcess | undefined
let record: string | undefined
let closed = false

/** From now on the child is stopped when this process is gone, even by kill -9. */
export function watchChild(child: Child) {
  tell({ watch: child })
}

export function forgetChild(pid: number) {
  tell({ forget: pid })
}

export function watchedChildren() {
  return orders.flatMap((order) => ('watch' in order ? [order.watch] : []))
}

/** Keeps a list of the children in a file, for the next start to find them should the reaper be killed too. */
export function recordChildrenIn(path: string) {
  record = path
}

/** When all children are stopped: the reaper has nothing left to do, and ends before us. */
export async function dismissReaper() {
  if (!reaper) return
  const ended = new Promise((resolve) => reaper?.once('exit', resolve))
  reaper.ref()
  reaper.stdin?.end()
  await ended
}

/** Once everything is being stopped, a start that is still under way must not add to it. */
export function refuseNewChildren() {
  closed = true
}

export function areChildrenWelcome() {
  return !closed
}

export function assertChildrenWelcome() {
  if (closed) throw new ExpectedFault('Stopped.', 130)
}

/** The folder goes together with this process. */
export function removeFolderAfterwards(path: string) {
  tell({ removeAfterwards: path })
}

function tell(order: ReaperOrder) {
  orders = 'forget' in order ? orders.filter((o) => !isAbout(o, order.forget)) : [...orders, order]
  if (record) writeRecord(record)
  if (reaper) return write(reaper, order)
  reaper = startReaper()
  for (const earlier of orders) write(reaper, earlier)
}

function isAbout(order: ReaperOrder, pid: number) {
  return 'watch' in order && order.watch.pid === pid
}

/** The second net only: that it cannot be written must not keep a server from starting, or from stopping. */
function writeRecord(path: string) {
  try {
    writeFileSync(path, JSON.stringify(watchedChildren()))
  } catch {
    // A full disk is reported by whoever needs it.
  }
}

/** In a session of its own, so that Ctrl-C in the terminal and a kill of our group do not reach it. */
function startReaper() {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'reaper-process.ts')], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    cwd: '/',
    env: { PATH: process.env.PATH },
  })
  child.unref()
  child.once('exit', () => {
    reaper = undefined
  })
  // In truth a socket, which must not keep us running either.
  const pipe = child.stdin as Writable & Partial<Pick<Socket, 'unref'>>
  pipe.on('error', () => {})
  pipe.unref?.()
  return child
}

function write(child: ChildProcess, order: ReaperOrder) {
  child.stdin!.write(`${JSON.stringify(order)}\n`)
}
