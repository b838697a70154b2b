import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Logger } from '../logging/index.ts'
import { addressOf } from '../rate-limit/address.ts'

export interface ConnectionLimitDeps {
  /** How many connections one address may have open at a time. */
  most: number
  log: Logger
}

const quietMs = 5_000

/**
 * Closes at once each connection that an address opens beyond its limit. An answer would cost more
 * than the connection. The first is logged, then a number at most every five seconds.
 */
export function limitConnections(server: Server, { most, log }: ConnectionLimitDeps): void {
  const open = new Map<string, number>()
  let lastTold = -Infinity
  let refused = 0

  server.on('connection', (socket: Socket) => {
    // It was closed by its client already.
    if (socket.remoteAddress === undefined) return
    const address = addressOf({ ip: socket.remoteAddress })
    const count = open.get(address) ?? 0
    if (count >= most) return refuse(socket, address)
    open.set(address, count + 1)
    socket.once('close', () => forget(address))
  })

  function forget(address: string): void {
    const left = (open.get(address) ?? 0) - 1
    if (left > 0) open.set(address, left)
    else open.delete(address)
  }

  function refuse(socket: Socket, address: string): void {
    socket.destroy()
    refused += 1
    if (performance.now() - lastTold < quietMs) return
    lastTold = performance.now()
    log.warn({ address, refused, most }, 'connections closed: one address has too many open')
    refused = 0
  }
}
