import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'

export interface OpenIdAccount {
  sub: string
  email: string
  email_verified: boolean
  /** The domain of an account that a company manages. */
  hd?: string
  name: string
}

export interface TestOpenIdProvider {
  issuer: string
  clientId: string
  clientSecret: string
  /** Who logs in there from now on. */
  be(account: OpenIdAccount): Promise<void>
  stop(): Promise<void>
}

/** A certified OpenID provider with one client, whose people log in without being asked. */
export async function startOpenIdProvider(callbackUrl: string): Promise<TestOpenIdProvider> {
  const port = await freePort()
  const clientId = 'test-client'
  const clientSecret = randomBytes(32).toString('base64url')
  const metadata = {
    port,
    client_id: clientId,
    client_secret: clientSecret,
    redirect_uris: [callbackUrl],
    token_endpoint_auth_method: 'client_secret_post',
    id_token_signed_response_alg: 'RS256',
  }
  const file = join(__dirname, 'open-id-provider.ts')
  const child = fork(file, [JSON.stringify(metadata)], { execArgv: [], silent: true })
  await messageOf(child)
  return { issuer: `http://127.0.0.1:${port}`, clientId, clientSecret, be, stop }

  async function be(account: OpenIdAccount): Promise<void> {
    const answer = messageOf(child)
    child.send(account)
    await answer
  }

  async function stop(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill()
    await ended
  }
}

/** The next message of the process, unless it ends before. */
async function messageOf(child: ChildProcess): Promise<void> {
  const over = new AbortController()
  const { signal } = over
  const ended = once(child, 'exit', { signal }).then(() => {
    throw new Error('The OpenID provider ended; run it by itself to see why.')
  })
  await Promise.race([once(child, 'message', { signal }), ended])
  over.abort()
  await ended.catch(() => undefined)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
