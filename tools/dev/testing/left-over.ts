import { connect } from 'node:net'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { startTime } from '../../servers/processes.ts'

/** Processes of a sandbox that still run: those whose command line or working folder names it. */
export function processesOf(root: string) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(Number)
    .filter((pid) => startTime(pid) && read(`/proc/${pid}/cmdline`).includes(root))
}

/** Waits until nothing runs and nobody listens any more; returns what is left after the time. */
export async function leftOver(root: string, ports: Record<string, number>, withinMs: number) {
  const deadline = Date.now() + withinMs
  for (;;) {
    const left = [...processesOf(root), ...(await takenPorts(ports))]
    if (left.length === 0 || Date.now() > deadline) return left
    await sleep(50)
  }
}

async function takenPorts(ports: Record<string, number>) {
  const taken = await Promise.all(
    Object.entries(ports).map(async ([key, port]) => ((await answers(port)) ? [key] : [])),
  )
  return taken.flat()
}

function answers(port: number) {
  return new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => settle(true))
    socket.once('error', () => settle(false))
    function settle(answer: boolean) {
      resolve(answer)
      socket.destroy()
    }
  })
}

function read(path: string) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
