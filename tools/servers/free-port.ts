import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/**
 * A port on 127.0.0.1 that nobody listens on right now. Not one that the system would choose: those also serve
 * outgoing connections, and polling one until its server is up may connect to itself and so take it.
 */
export async function freePort(): Promise<number> {
  const port = randomInt(15_000, 32_000)
  return (await isFree(port)) ? port : freePort()
}

function isFree(port: number) {
  return new Promise<boolean>((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
