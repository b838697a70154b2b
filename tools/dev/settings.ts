import type { Environment } from './env-file.ts'
import { reachableHosts } from './reachable-host.ts'
import { serverPorts, workloads, type Workload } from './workloads.ts'

export interface Fault {
  key: string
  problem: string
  example: string
}

export type Settings = ReturnType<typeof readSettings>

/** What the launcher itself reads: ports, and which servers it brings along because no address names others. */
export function readSettings(environment: Environment, chosen: Workload[] = workloads) {
  const ports = Object.fromEntries(
    Object.entries(portDefaults()).map(([key, byDefault]) => [
      key,
      Number(environment[key] ?? byDefault),
    ]),
  )
  const embedded = {
    postgres: !environment.DATABASE_URL,
    redis: !environment.REDIS_URL,
    mail: !environment.SMTP_URL,
  }
  const password = environment.POSTGRES_PASSWORD ?? ''
  const hosts = reachableHosts(environment)
  const shared: Environment = {
    ...environment,
    // Nothing stands before the processes, and a reload should be quick.
    SHUTDOWN_LINGER: environment.SHUTDOWN_LINGER ?? '10ms',
    APP_URL: environment.APP_URL ?? `http://${hosts.public}:${ports.PORT}`,
    // Without the mode, PGSSLMODE of the shell would count.
    DATABASE_URL:
      environment.DATABASE_URL ??
      `postgresql://ashlar:${encodeURIComponent(password)}@127.0.0.1:${ports.POSTGRES_PORT}/ashlar?sslmode=disable`,
    REDIS_URL: environment.REDIS_URL ?? `redis://127.0.0.1:${ports.REDIS_PORT}`,
    SMTP_URL: environment.SMTP_URL ?? `smtp://127.0.0.1:${ports.MAIL_SMTP_PORT}`,
  }
  return { chosen, embedded, environmentOf, hosts, password, ports, shared }

  function environmentOf(workload: Workload): Environment {
    const own: Environment = Object.fromEntries(
      workload.ports.map(({ key, variable }) => [variable, String(ports[key])]),
    )
    // The plain names hold the ports of the api; another process must not take them for its own.
    return { ...shared, PORT: undefined, MANAGEMENT_PORT: undefined, ...own }
  }
}

/** Faults of the launcher's own keys; those of the processes are found by their own schemas. */
export function findLauncherFaults(environment: Environment): Fault[] {
  const defaults = portDefaults()
  const faults = Object.entries(defaults).flatMap(([key, byDefault]) => {
    const value = environment[key]
    if (value === undefined || isPort(value)) return []
    return [{ key, problem: 'must be a port, 1 to 65535', example: String(byDefault) }]
  })
  if (!environment.DATABASE_URL && !environment.POSTGRES_PASSWORD)
    faults.push({
      key: 'POSTGRES_PASSWORD',
      problem: 'is missing: the embedded PostgreSQL is protected by it',
      example: 'the output of: openssl rand -base64 36',
    })
  return faults.length > 0 ? faults : findSharedPorts(environment)
}

function findSharedPorts(environment: Environment): Fault[] {
  const holders = new Map<number, string>()
  return Object.entries(portDefaults()).flatMap(([key, byDefault]) => {
    const port = Number(environment[key] ?? byDefault)
    const other = holders.get(port)
    holders.set(port, key)
    return other ? [{ key, problem: `is ${port}, as ${other} is`, example: String(byDefault) }] : []
  })
}

function portDefaults(): Record<string, number> {
  const own = workloads.flatMap(({ ports }) => ports.map(({ key, byDefault }) => [key, byDefault]))
  return { ...(Object.fromEntries(own) as Record<string, number>), ...serverPorts }
}

function isPort(value: string) {
  return /^\d{1,5}$/.test(value) && Number(value) >= 1 && Number(value) <= 65_535
}
