import type { ConfigMisfit } from './define-config.ts'
import { isOwnMachine } from './own-machine.ts'

interface Connections {
  databaseUrl: string
  databaseDirectUrl: string
  redisUrl: string
  smtpUrl: string | undefined
}

type Risk = ConfigMisfit<'DATABASE_URL' | 'DATABASE_DIRECT_URL' | 'REDIS_URL' | 'SMTP_URL'>

/** Connections to other machines that somebody in between could read or answer. */
export function findConnectionRisks(config: Connections): Risk[] {
  const { databaseUrl, databaseDirectUrl, redisUrl, smtpUrl } = config
  const risks: Risk[] = []
  tell('DATABASE_URL', databaseRisk(databaseUrl))
  if (databaseDirectUrl !== databaseUrl)
    tell('DATABASE_DIRECT_URL', databaseRisk(databaseDirectUrl))
  for (const problem of redisRisks(redisUrl)) tell('REDIS_URL', problem)
  if (smtpUrl !== undefined) tell('SMTP_URL', smtpRisk(smtpUrl))
  return risks

  function tell(key: Risk['key'], problem: string | undefined): void {
    if (problem !== undefined) risks.push({ key, problem })
  }
}

/** `require` promises encryption alone, whatever today's client makes of it. */
function databaseRisk(text: string): string | undefined {
  const { hostname, searchParams } = new URL(text)
  const isSocket = searchParams.get('host')?.startsWith('/') ?? hostname.startsWith('%2F')
  if (isSocket || isOwnMachine(hostname)) return undefined
  const mode = searchParams.get('sslmode') ?? ''
  if (['verify-full', 'verify-ca'].includes(mode)) return undefined
  return 'does not verify the server: add sslmode=verify-full, and sslrootcert for a CA of your own'
}

function redisRisks(text: string): string[] {
  const { protocol, hostname, password } = new URL(text)
  if (isOwnMachine(hostname)) return []
  return [
    ...(protocol === 'rediss:' ? [] : ['leads to another machine without TLS: use rediss://']),
    ...(password === '' ? ['leads to another machine without a password'] : []),
  ]
}

/** With a password the mailer insists on TLS. */
function smtpRisk(text: string): string | undefined {
  const { protocol, hostname, password, searchParams } = new URL(text)
  if (isOwnMachine(hostname)) return undefined
  if (searchParams.get('tls.rejectUnauthorized') === 'false')
    return 'does not verify the server: remove tls.rejectUnauthorized'
  const isEncrypted = protocol === 'smtps:' || searchParams.get('requireTLS') === 'true'
  if (isEncrypted || password !== '') return undefined
  return 'may hand mails with tokens over without TLS: use smtps://, or add requireTLS=true'
}
