import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Certificate } from './certificates.ts'

export interface TlsProxy {
  port: number
  close(): Promise<void>
}

/**
 * By which a client of PostgreSQL asks for TLS:
 * https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
const sslRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])

/**
 * Stands before a server and speaks TLS with this certificate: at once, or after the question of a
 * client of PostgreSQL. A client that speaks in clear text is cut off.
 */
export async function startTlsProxy(
  serverUrl: string,
  certificate: Certificate,
): Promise<TlsProxy> {
  const { hostname, port } = new URL(serverUrl)
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    keep(socket)
    socket.once('data', (first) => {
      // The bytes that were read already are part of the handshake.
      socket.pause()
      if (first.equals(sslRequest)) socket.write('S')
      else socket.unshift(first)
      const client = keep(new TLSSocket(socket, { isServer: true, ...certificate }))
      client.once('secure', () => {
        const target = keep(connect(Number(port), hostname))
        client.pipe(target).pipe(client)
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as AddressInfo).port, close }

  function keep<Kind extends Socket>(socket: Kind): Kind {
    open.add(socket)
    socket.on('error', () => socket.destroy()).on('close', () => open.delete(socket))
    return socket
  }

  function close(): Promise<void> {
    for (const socket of open) socket.destroy()
    return new Promise((resolve) => server.close(() => resolve()))
  }
}
