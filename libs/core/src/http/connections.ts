import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

interface Connection {
  /**
   * What is not sent yet, in the order of the requests. An array, because a Set that is filled and emptied leaves tables behind which hold on
   * to each other and to the answers in them, until the next collection of the old generation.
   */
  waiting: ServerResponse[]
  /** The answer to the request that came last. */
  latest?: ServerResponse
}

/**
 * Keeps track of who is connected and who waits for an answer. Needed to stop well: after `server.close()` Node goes on serving kept-alive
 * connections, and never closes silent ones. Needed to refuse well too: what came before is answered first.
 */
export function trackConnections(server: Server) {
  const connections = new Map<Socket, Connection>()
  let closing = false
  server.on('connection', (socket) => {
    connections.set(socket, { waiting: [] })
    socket.once('close', () => connections.delete(socket))
  })
  server.on('request', ({ socket }, response) => {
    if (closing) announce(response)
    const connection = connections.get(socket)
    if (!connection) return
    connection.latest = response
    connection.waiting.push(response)
    response.once('close', () => remove(connection.waiting, response))
  })
  return {
    announceClosing,
    answerEarlier,
    destroyIdle,
    destroyAll,
    hasAny: () => connections.size > 0,
  }

  /** From now on every answer tells its client to connect anew, elsewhere. */
  function announceClosing(): void {
    closing = true
    for (const { waiting } of connections.values()) waiting.forEach(announce)
  }

  /**
   * Waits for the answers to all requests that came whole, and for those that are on their way. Gives the answer to the request that never
   * came whole, if there is one.
   */
  async function answerEarlier(socket: Socket): Promise<ServerResponse | undefined> {
    const { waiting = [], latest } = connections.get(socket) ?? {}
    const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    const next = () => waiting.find(({ req, headersSent }) => req.complete || headersSent)
    for (let response = next(); response && !socket.destroyed; response = next())
      await Promise.race([gone, new Promise((resolve) => response.once('close', resolve))])
    return latest?.req.complete ? undefined : latest
  }

  function destroyIdle(): void {
    for (const [socket, { waiting }] of connections) if (waiting.length === 0) socket.destroy()
  }

  function destroyAll(): void {
    for (const socket of connections.keys()) socket.destroy()
  }
}

function remove(waiting: ServerResponse[], response: ServerResponse): void {
  waiting.splice(waiting.indexOf(response), 1)
}

function announce(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('Connection', 'close')
}
