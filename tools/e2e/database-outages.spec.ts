import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { buildRegistration } from '@ashlar/auth/testing'
import { eventually } from '@ashlar/core/testing'
import { postJson } from './clients.ts'
import { startOwnServers, type OwnServers } from './own-servers.ts'
import type { RunningProcess } from './running-process.ts'
import { createSystem, type System } from './system.ts'

let servers: OwnServers
let system: System
let api: RunningProcess
let worker: RunningProcess

beforeAll(async () => {
  servers = await startOwnServers()
  system = await createSystem({ postgresUrl: servers.databaseUrl })
  // It is asked more often than anybody would.
  api = await system.start('api', { RATE_LIMIT_ENABLED: 'false' })
  worker = await system.start('worker')
})
afterAll(async () => {
  try {
    expect(await system.stop()).toEqual([0, 0])
  } finally {
    await servers.stop()
  }
})

function register(account = buildRegistration(), headers = {}): Promise<Response> {
  return postJson(`${api.url}/api/v1/auth/register`, account, headers)
}

const registerOnce = (account: ReturnType<typeof buildRegistration>) =>
  register(account, { 'idempotency-key': account.username })

const statusOf = async (path: string): Promise<number> => (await fetch(api.url + path)).status

/** Asks PostgreSQL as somebody who is not looked at. */
async function ask<Row>(sql: string): Promise<Row[]> {
  const client = new Client({ connectionString: system.databaseUrl })
  client.on('error', () => undefined)
  await client.connect()
  const { rows } = await client.query(sql)
  await client.end()
  return rows as Row[]
}

async function processesOfPostgres() {
  const [row] = await ask<{ data_directory: string }>('SHOW data_directory')
  const file = readFileSync(join(row!.data_directory, 'postmaster.pid'), 'utf8')
  const backends = await ask<{ pid: number; backend_type: string }>(
    'SELECT pid, backend_type FROM pg_stat_activity WHERE pid <> pg_backend_pid()',
  )
  return { postmaster: Number(file.split('\n')[0]), backends }
}

async function expectMailTo(email: string): Promise<void> {
  await system.smtp.waitForMail(({ recipients }) => recipients.includes(email))
}

it('a crash of PostgreSQL is 503 at most, ends no process, and loses no mail', async () => {
  const before = buildRegistration()
  expect((await register(before)).status).toBe(201)
  const { backends } = await processesOfPostgres()
  const victim = backends.find(({ backend_type: type }) => type === 'client backend')!
  // PostgreSQL then ends all its sessions and recovers, as after a crash of the machine.
  process.kill(victim.pid, 'SIGKILL')
  await eventually(async () => {
    const answer = await register()
    if (answer.status !== 201) {
      expect(answer.status).toBe(503)
      expect(answer.headers.get('retry-after')).toBe('1')
      expect(answer.headers.get('content-type')).toBe('application/problem+json')
    }
    expect(await statusOf('/health/live')).toBe(200)
    return answer.status === 201
  })
  await eventually(async () => (await statusOf('/health/ready')) === 200)
  await expectMailTo(before.email)
})

it('registrations that a crash of PostgreSQL met are answered 201 when they are repeated with their key', async () => {
  // What is kept takes its time, so that the crash comes in between.
  await ask(`
    CREATE FUNCTION slow_keep() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_sleep(0.3); RETURN NEW; END $$;
    CREATE TRIGGER slow_keep BEFORE UPDATE OF status ON idempotency_key
      FOR EACH ROW EXECUTE FUNCTION slow_keep()`)
  const accounts = Array.from({ length: 24 }, () => buildRegistration())
  const { backends } = await processesOfPostgres()
  const victim = backends.find(({ backend_type: type }) => type === 'client backend')!
  const met = accounts.map(registerOnce)
  await Promise.race(met)
  process.kill(victim.pid, 'SIGKILL')
  const statuses = (await Promise.all(met)).map(({ status }) => status)
  expect(new Set(statuses)).toEqual(new Set([201, 503]))
  await eventually(async () => (await statusOf('/health/ready')) === 200)
  await ask('DROP FUNCTION slow_keep CASCADE')
  // A minute later: what could not be freed without a database is free.
  await ask('UPDATE idempotency_key SET leased_until = now()')
  for (const account of accounts) {
    const again = await registerOnce(account)
    expect([again.status, await again.json()]).toEqual([201, expect.anything()])
  }
  const emails = accounts.map(({ email }) => `'${email}'`).join()
  expect(await ask(`SELECT FROM "user" WHERE email IN (${emails})`)).toHaveLength(accounts.length)
})

it('a frozen PostgreSQL is 503 and not ready, and all goes on when it thaws', async () => {
  const { postmaster, backends } = await processesOfPostgres()
  const pids = [postmaster, ...backends.map(({ pid }) => pid)]
  for (const pid of pids) process.kill(pid, 'SIGSTOP')
  try {
    const answer = await register()
    expect(answer.status).toBe(503)
    expect(await answer.json()).toMatchObject({
      code: expect.stringMatching(/^database\.(timeout|unavailable)$/),
    })
    expect(answer.headers.get('retry-after')).toBe('1')
    expect(await statusOf('/health/ready')).toBe(503)
    expect(await statusOf('/health/live')).toBe(200)
  } finally {
    for (const pid of pids) process.kill(pid, 'SIGCONT')
  }
  const after = buildRegistration()
  await eventually(async () => (await register(after)).ok)
  await eventually(async () => (await statusOf('/health/ready')) === 200)
  await expectMailTo(after.email)
  expect(worker.output()).not.toContain('"level":"fatal"')
})
