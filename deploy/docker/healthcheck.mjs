// Asks the process of this container how it is: `node healthcheck.mjs /health/ready`. Ends with 0 for a 2xx answer, else 1.
// The slim image has no curl, and the management port is the one that every process has.
const { MANAGEMENT_HOST, HOST, MANAGEMENT_PORT } = process.env
const [path = '/health/live'] = process.argv.slice(2)
const address = `http://${reachable(MANAGEMENT_HOST || HOST || '0.0.0.0')}:${MANAGEMENT_PORT || 9464}${path}`

try {
  const answer = await fetch(address, { signal: AbortSignal.timeout(3_000) })
  console.log(`${answer.status} ${await answer.text()}`)
  process.exitCode = answer.ok ? 0 : 1
} catch (error) {
  console.log(`${address}: ${error.cause?.code ?? error.message}`)
  process.exitCode = 1
}

/** The address as a URL has it. Where the process listens on all, it is asked on the machine's own. */
function reachable(host) {
  const plain = host.replace(/^\[(.*)\]$/, '$1')
  if (plain === '0.0.0.0') return '127.0.0.1'
  if (plain === '::') return '[::1]'
  return plain.includes(':') ? `[${plain}]` : plain
}
