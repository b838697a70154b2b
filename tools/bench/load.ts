import { setTimeout as sleep } from 'node:timers/promises'
import autocannon, { type Request } from 'autocannon'
import type { Contender } from './contender.ts'

export interface Workload {
  name: string
  connections: number
  requests: Request[]
}

export interface Sample {
  perSecond: number
  cpuUs: number
  p50: number
  p99: number
  memoryMb: number
  failures: number
}

/** One round of one server. The others are up and idle. */
export async function applyLoad(
  { url, cpuUs, memoryMb }: Contender,
  { connections, requests }: Workload,
  seconds: number,
): Promise<Sample> {
  const before = cpuUs()
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    requests,
    // Each connection begins elsewhere in the round of tokens, so that no two ask for the same at once.
    setupClient: (client) => client.setRequests(rotate(requests)),
  })
  const sample = {
    perSecond: result['2xx'] / result.duration,
    cpuUs: (cpuUs() - before) / Math.max(1, result['2xx']),
    p50: result.latency.p50,
    p99: result.latency.p99,
    memoryMb: memoryMb(),
    failures: result.errors + result.timeouts + result.non2xx,
  }
  await sleep(50)
  return sample
}

function rotate(requests: Request[]): Request[] {
  const at = Math.floor(Math.random() * requests.length)
  return [...requests.slice(at), ...requests.slice(0, at)]
}
