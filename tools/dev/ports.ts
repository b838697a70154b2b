import { createServer } from 'node:net'
import { ExpectedFault } from '../servers/expected-fault.ts'
import type { Settings } from './settings.ts'

/** Every port that this start will use, by the variable that sets it. */
export function portsInUse({ chosen, embedded, ports }: Settings) {
  const keys = [
    ...chosen.flatMap((workload) => workload.ports.map(({ key }) => key)),
    ...(embedded.postgres ? ['POSTGRES_PORT'] : []),
    ...(embedded.redis ? ['REDIS_PORT'] : []),
    ...(embedded.mail ? ['MAIL_UI_PORT', 'MAIL_SMTP_PORT'] : []),
  ]
  return keys.map((key) => ({ key, port: ports[key]! }))
}

/** Throws when a port is taken, with a line for each. */
export async function refuseTakenPorts(wanted: { key: string; port: number }[]) {
  const faults = await Promise.all(wanted.map(describeIfTaken))
  const lines = faults.filter((line) => line !== undefined)
  if (lines.length > 0) throw new ExpectedFault(lines.join('\n'))
}

async function describeIfTaken({ key, port }: { key: string; port: number }) {
  const code = await faultOfListening(port)
  if (!code) return undefined
  const remedy = `Set ${key} to another port in .env.`
  if (code === 'EACCES') return `Port ${port} needs more rights than you have. ${remedy}`
  // A start that finds its ports free does without the platform.
  const { describePortHolder, findPortHolder } = await import('@ashlar/core/lifecycle')
  return `Port ${port} is taken by ${describePortHolder(findPortHolder(port))}. ${remedy}`
}

/** A program may hold the port on one address alone, so all that we or others use are tried. */
async function faultOfListening(port: number) {
  for (const host of ['::', '0.0.0.0', '127.0.0.1', '::1']) {
    const code = await tryListening(port, host)
    if (code === 'EADDRINUSE' || code === 'EACCES') return code
  }
  return undefined
}

function tryListening(port: number, host: string) {
  return new Promise<string | undefined>((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code))
    server.listen({ port, host, ipv6Only: host.includes(':') }, () =>
      server.close(() => resolve(undefined)),
    )
  })
}
