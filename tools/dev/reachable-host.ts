import type { Environment } from './env-file.ts'

/** Where this machine reaches the ports of the processes, as a URL has it. */
export function reachableHosts({ HOST, MANAGEMENT_HOST }: Environment) {
  return { public: reachable(HOST), management: reachable(MANAGEMENT_HOST ?? HOST) }
}

/** Addresses of a process that listens everywhere, and of one that listens on one address. */
function reachable(host = ''): string {
  const plain = host.replace(/^\[(.*)\]$/, '$1')
  if (['', '0.0.0.0', '::', '127.0.0.1', '::1'].includes(plain)) return 'localhost'
  return plain.includes(':') ? `[${plain}]` : plain
}
