import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/**
 * Keeps track of who is connected and who waits for an answer. Needed to stop well: after `server.close()` Node goes on serving kept-alive
 * connections, and never closes silent ones.
 */
export function trackConnections(server: Server) {
  const waiting = new Map<Socket, Set<ServerResponse>>()
  let closing = false
  server.on('connection', (socket) => {
    waiting.set(socket, new Set())
    socket.once('close', () => waiting.delete(socket))
  })
  server.on('request', ({ socket }, response) => {
    if (closing) announce(response)
    waiting.get(socket)?.add(response)
    response.once('close', () => waiting.get(socket)?.delete(response))
  })
  return {
    announceClosing,
    destroyIdle,
    destroyAll,
    isBeingAnswered,
    hasAny: () => waiting.size > 0,
  }

  /** From now on every answer tells its client to connect anew, elsewhere. */
  function announceClosing(): void {
    closing = true
    for (const responses of waiting.values()) responses.forEach(announce)
  }

  function isBeingAnswered(socket: Duplex): boolean {
    const responses = waiting.get(socket as Socket) ?? []
    return [...responses].some(({ headersSent }) => headersSent)
  }

  function destroyIdle(): void {
    for (const [socket, responses] of waiting) if (responses.size === 0) socket.destroy()
  }

  function destroyAll(): void {
    for (const socket of waiting.keys()) socket.destroy()
  }
}

function announce(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('Connection', 'close')
}
