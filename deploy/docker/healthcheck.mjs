// Asks the process of this container how it is: `node healthcheck.mjs /health/ready`. Ends with 0 for a 2xx answer, else 1.
// The slim image has no curl, and the management port is the one that every process has.
const [path = '/health/live'] = process.argv.slice(2)
const address = `http://127.0.0.1:${process.env.MANAGEMENT_PORT || 9464}${path}`

try {
  const answer = await fetch(address, { signal: AbortSignal.timeout(3_000) })
  console.log(`${answer.status} ${await answer.text()}`)
  process.exitCode = answer.ok ? 0 : 1
} catch (error) {
  console.log(`${address}: ${error.cause?.code ?? error.message}`)
  process.exitCode = 1
}
