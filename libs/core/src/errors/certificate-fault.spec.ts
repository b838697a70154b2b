import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import {
  createCertificateAuthority,
  type Certificate,
  type CertificateOptions,
} from '../../testing/certificates.ts'
import { startSmtpServer } from '../../testing/smtp-server.ts'
import { startTlsProxy, type TlsProxy } from '../../testing/tls-proxy.ts'
import { createDatabase } from '../db/index.ts'
import { migrationStatus } from '../db/migrations/index.ts'
import { createMailer } from '../mail/index.ts'
import { createRedis } from '../redis/index.ts'
import { createMetrics } from '../telemetry/index.ts'

const databaseUrl = process.env['DATABASE_URL'] ?? ''
const redisUrl = process.env['REDIS_URL'] ?? ''
const prismaDir = join(__dirname, '..', '..', '..', '..', 'prisma')
const authority = createCertificateAuthority()
const anHourAgo = new Date(Date.now() - 3_600_000)

const folder = mkdtempSync(join(tmpdir(), 'certificates-'))
const caFile = join(folder, 'ca.pem')
writeFileSync(caFile, authority.cert)
afterAll(() => rmSync(folder, { recursive: true }))

let proxy: TlsProxy
let close: (() => Promise<void>) | undefined
afterEach(async () => {
  await close?.()
  close = undefined
  await proxy.close()
})

describe('a certificate of PostgreSQL', () => {
  const trusted = `sslrootcert=${caFile}`

  it.each<[string, string, CertificateOptions, string]>([
    [
      'of a private authority',
      'sslmode=require',
      { name: '127.0.0.1' },
      'authority that this process does not know',
    ],
    ['that has expired', trusted, { name: '127.0.0.1', notAfter: anHourAgo }, 'has expired'],
    ['of another host', trusted, { name: 'db.test' }, 'does not have the host name of the address'],
  ])('%s is told as what it is, with the way out', async (_what, parameters, options, sentence) => {
    const url = await serve(databaseUrl, authority.issue(options), parameters)
    const wayOut = /sslrootcert=<file>|Renew it on the server/

    await expect(migrationStatus({ databaseUrl: url, prismaDir })).rejects.toThrow(sentence)
    await expect(migrationStatus({ databaseUrl: url, prismaDir })).rejects.toThrow(wayOut)

    const { database, lines } = openDatabase(url)
    await database.start()
    expect(lines.join()).toContain(sentence)
    const unavailable = {
      code: 'database.unavailable',
      cause: { message: expect.stringMatching(wayOut) as string },
    }
    await expect(database.ping()).rejects.toMatchObject(unavailable)
    await expect(database.read({ name: 'one', text: 'SELECT 1' }, [])).rejects.toMatchObject(
      unavailable,
    )
    await expect(database.client.user.count()).rejects.toMatchObject({
      code: 'database.unavailable',
    })
  })

  it.each([
    ['its authority is named', { name: '127.0.0.1' }, `sslmode=require&${trusted}`],
    [
      'its authority is named, and names do not count',
      { name: 'db.test' },
      `uselibpqcompat=true&sslmode=verify-ca&${trusted}`,
    ],
    ['nothing is checked', { name: 'db.test', notAfter: anHourAgo }, 'sslmode=no-verify'],
  ])('is taken where %s', async (_what, options, parameters) => {
    const url = await serve(databaseUrl, authority.issue(options), parameters)
    const { database, lines } = openDatabase(url)
    await database.start()
    await database.ping()
    expect(lines).toEqual([])
  })
})

it('PostgreSQL without TLS is told as what it is where the address asks for it', async () => {
  proxy = await startTlsProxy(databaseUrl, authority.issue({ name: '127.0.0.1' }))
  const { database } = openDatabase(`${databaseUrl}?sslmode=require`)
  await expect(database.ping()).rejects.toMatchObject({
    cause: { message: expect.stringContaining('does not offer TLS') as string },
  })
})

it('a certificate of Redis is told as what it is', async () => {
  const url = await serve(redisUrl, authority.issue({ name: '127.0.0.1' }), '')
  const lines: string[] = []
  const redis = createRedis({
    config: { redisUrl: url.replace('redis:', 'rediss:') },
    log: logTo(lines),
  })
  await redis.start()
  expect(lines.join()).toContain('authority that this process does not know')
  await redis.stop()
})

it.each([
  ['of a private authority', { name: '127.0.0.1' }, 'authority that this process does not know'],
  ['that has expired', { name: '127.0.0.1', notAfter: anHourAgo }, 'authority that this|expired'],
])('a certificate of a mail server %s is told as what it is', async (_what, options, sentence) => {
  const smtp = await startSmtpServer()
  const url = await serve(smtp.url, authority.issue(options), '')
  const mailer = createMailer({
    config: {
      smtpUrl: url.replace('smtp:', 'smtps:'),
      mailFrom: 'no-reply@example.com',
      appUrl: 'http://localhost',
      appEnv: 'testing',
    },
    log: logTo([]),
    metrics: createMetrics({ process: 'test' }),
  })
  const mail = { template: 'a', to: 'ada@example.com', subject: 'A', html: 'a', text: 'a' }
  await expect(mailer.send(mail, { messageId: 'a' })).rejects.toMatchObject({
    code: 'mail.unavailable',
    cause: { message: expect.stringMatching(sentence) as string },
  })
  mailer.close()
  await smtp.stop()
})

/** Gives the address of a proxy that shows the certificate and leads to the server. */
async function serve(serverUrl: string, certificate: Certificate, parameters: string) {
  proxy = await startTlsProxy(serverUrl, certificate)
  const url = new URL(serverUrl)
  url.port = String(proxy.port)
  url.search = parameters
  return url.href
}

function openDatabase(url: string) {
  const lines: string[] = []
  const database = createDatabase({
    config: {
      appEnv: 'testing',
      appName: 'test',
      databaseUrl: url,
      databasePoolSize: 2,
      databasePooler: false,
    },
    log: logTo(lines),
  })
  close = database.close
  return { database, lines }
}

const logTo = (lines: string[]) =>
  pino({ level: 'info' }, { write: (line: string) => void lines.push(line) })
