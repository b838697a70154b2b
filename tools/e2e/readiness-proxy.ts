import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { RunningProcess } from './running-process.ts'

const probeEveryMs = 100

interface Backend {
  process: RunningProcess
  isReady: boolean
}

/**
 * A load balancer for TCP: leads each connection to the next process whose readiness was 200 when
 * it was last probed.
 */
export async function startReadinessProxy() {
  const backends: Backend[] = []
  const sockets = new Set<Socket>()
  let turn = 0
  const server = createServer(lead).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const timer = setInterval(() => backends.forEach((backend) => void probe(backend)), probeEveryMs)
  const { port } = server.address() as AddressInfo
  return { port, add, remove, stop }

  /** Takes a process that is ready. */
  function add(process: RunningProcess): void {
    backends.push({ process, isReady: true })
  }

  function remove(process: RunningProcess): void {
    backends.splice(
      backends.findIndex((backend) => backend.process === process),
      1,
    )
  }

  async function probe(backend: Backend): Promise<void> {
    const answer = await fetch(`${backend.process.managementUrl}/health/ready`).catch(
      () => undefined,
    )
    backend.isReady = answer?.ok === true
    await answer?.text()
  }

  function lead(client: Socket): void {
    const ready = backends.filter(({ isReady }) => isReady)
    const chosen = ready[turn++ % ready.length]
    if (!chosen) return void client.resetAndDestroy()
    const upstream = connect(Number(new URL(chosen.process.url).port), '127.0.0.1')
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => other.resetAndDestroy()).on('close', () => sockets.delete(socket))
      socket.pipe(other)
    }
  }

  async function stop(): Promise<void> {
    clearInterval(timer)
    server.close()
    for (const socket of sockets) socket.destroy()
    await once(server, 'close')
  }
}
