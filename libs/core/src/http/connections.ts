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
  /** When it was last seen at work, and how many bytes had come by then. */
  activeAt: number
  bytesRead: number
}

interface TrackingOptions {
  /** How long a connection has to be silent before it counts as idle, in milliseconds. */
  patienceMs: number
}

/**
 * Keeps track of who is connected and who waits for an answer. Needed to stop well: after `server.close()` Node goes on serving kept-alive
 * connections, and never closes silent ones. Needed to refuse well too: what came before is answered first.
 */
export function trackConnections(server: Server, { patienceMs }: TrackingOptions) {
  const connections = new Map<Socket, Connection>()
  let closing = false
  let accepted = 0
  server.on('connection', (socket) => {
    accepted += 1
    connections.set(socket, { waiting: [], activeAt: performance.now(), bytesRead: 0 })
    socket.once('close', () => connections.delete(socket))
  })
  server.on('request', ({ socket }, response) => {
    const connection = connections.get(socket)
    if (!connection) return
    connection.latest = response
    connection.waiting.push(response)
    if (closing) announce(connection)
    response.once('close', () => {
      remove(connection.waiting, response)
      connection.activeAt = performance.now()
    })
  })
  return {
    announceClosing,
    answerEarlier,
    destroyIdle,
    destroyAll,
    /** How many connections came since the start. */
    accepted: () => accepted,
  }

  /** From now on every answer tells its client to connect anew, elsewhere. */
  function announceClosing(): void {
    closing = true
    for (const [socket, connection] of connections) {
      announce(connection)
      connection.bytesRead = socket.bytesRead
    }
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
    for (const [socket, connection] of connections) if (isIdle(socket, connection)) socket.destroy()
  }

  /**
   * A request whose headers are still on their way has no answer yet, but bytes of it have come.
   */
  function isIdle(socket: Socket, connection: Connection): boolean {
    if (connection.waiting.length > 0) return false
    if (socket.bytesRead !== connection.bytesRead) {
      connection.bytesRead = socket.bytesRead
      connection.activeAt = performance.now()
    }
    return performance.now() - connection.activeAt >= patienceMs
  }

  function destroyAll(): void {
    for (const socket of connections.keys()) socket.destroy()
  }
}

function remove(waiting: ServerResponse[], response: ServerResponse): void {
  waiting.splice(waiting.indexOf(response), 1)
}

/**
 * Only the last answer says that the connection closes: a request behind one that says so is not
 * answered (RFC 9112 §9.6).
 */
function announce({ waiting }: Connection): void {
  const last = waiting.at(-1)
  for (const response of waiting.filter(({ headersSent }) => !headersSent))
    if (response === last) response.setHeader('Connection', 'close')
    else response.removeHeader('Connection')
}
