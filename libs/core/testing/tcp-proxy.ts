import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

export type TcpProxy = Awaited<ReturnType<typeof startTcpProxy>>

/**
 * Stands between a client and a real server, so that a test can take the server away and bring it back without harming other tests. `url`
 * is the server's address with the proxy's port.
 *
 * @example
 * const redis = await startTcpProxy(process.env['REDIS_URL']!)
 * await redis.cut()      // connections end, new ones are refused
 * await redis.reset()    // the same, as when the server's process dies: ECONNRESET
 * redis.freeze()         // connections stay, nothing is answered
 * await redis.restore()
 * redis.slowDown(1_500) // new connections are answered this many milliseconds later
 * redis.leadTo('redis://127.0.0.1:6380') // new connections get there, as after a failover
 */
export async function startTcpProxy(serverUrl: string) {
  let target = new URL(serverUrl)
  const pairs = new Set<[Socket, Socket]>()
  let frozen = false
  let lateMs = 0
  let server = createServer(join)
  const port = await listen(0)
  const url = Object.assign(new URL(serverUrl), { hostname: '127.0.0.1', port: String(port) }).href
  return { url, cut, reset, freeze, restore, slowDown, leadTo, close: cut }

  async function listen(at: number): Promise<number> {
    server.listen(at, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }

  function join(client: Socket): void {
    const upstream = connect(Number(target.port), target.hostname)
    const pair: [Socket, Socket] = [client, upstream]
    pairs.add(pair)
    for (const socket of pair)
      socket
        .on('error', () => {})
        .on('close', () => {
          pairs.delete(pair)
          for (const each of pair) each.destroy()
        })
    if (lateMs > 0) setTimeout(begin, lateMs).unref()
    else begin()

    function begin(): void {
      if (!frozen) flow(pair)
    }
  }

  function flow([client, upstream]: [Socket, Socket]): void {
    client.pipe(upstream)
    upstream.pipe(client)
  }

  function cut(): Promise<void> {
    return part((client) => client.destroy())
  }

  function reset(): Promise<void> {
    return part((client) => client.resetAndDestroy())
  }

  async function part(end: (client: Socket) => void): Promise<void> {
    if (!server.listening) return
    server.close()
    for (const [client, upstream] of pairs) {
      end(client)
      upstream.destroy()
    }
    await once(server, 'close')
  }

  function slowDown(ms: number): void {
    lateMs = ms
  }

  function leadTo(otherUrl: string): void {
    target = new URL(otherUrl)
  }

  function freeze(): void {
    frozen = true
    for (const [client, upstream] of pairs) {
      client.unpipe(upstream).pause()
      upstream.unpipe(client).pause()
    }
  }

  async function restore(): Promise<void> {
    if (frozen) pairs.forEach(flow)
    frozen = false
    if (server.listening) return
    server = createServer(join)
    await listen(port)
  }
}
