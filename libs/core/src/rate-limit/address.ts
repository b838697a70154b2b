import { isIP, isIPv4 } from 'node:net'
import { ipKeyGenerator } from 'express-rate-limit'

// Some proxies write the port behind the address.
const withPort = /^\[([^\]]+)\](?::\d+)?$|^([\d.]+):\d+$/
const mapped = '::ffff:'

/** Whom an anonymous request counts for. A subscriber has a whole /64 of IPv6, so that counts as one. */
export function addressOf({ ip = '' }: { ip?: string | undefined }): string {
  const address = ip.replace(withPort, '$1$2')
  const asIPv4 = address.startsWith(mapped) ? address.slice(mapped.length) : address
  if (isIPv4(asIPv4)) return asIPv4
  return isIP(address) ? ipKeyGenerator(address, 64) : 'unknown'
}
