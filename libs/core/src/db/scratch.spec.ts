import { writeFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { createTestCore, startTcpProxy, type TestCore } from '../../testing/index.ts'
import { createDatabase } from './database.ts'

let test: TestCore
const out: string[] = []
const note = (name: string, error: any) => {
  const own = error?.cause ?? error
  out.push(`=== ${name}: mapped ${error?.code} ${error?.name}\n${inspect(own, { depth: 8, showHidden: false })}`)
}
beforeAll(async () => { test = await createTestCore({ environment: { DATABASE_POOL_SIZE: '2' } }) })
afterAll(async () => { writeFileSync('/tmp/h9-shapes.txt', out.join('\n\n')); await test.stop() })
const caught = async (name: string, p: () => Promise<unknown>) => { try { await p(); out.push(`=== ${name}: NO ERROR`) } catch (e) { note(name, e) } }
const row = (n: string) => ({ username: n, email: `${n}@example.com`, passwordHash: 'x' })

it('shapes', async () => {
  const { client } = test.core.database
  await client.user.create({ data: row('a') })
  await caught('unique', () => client.user.create({ data: row('a') }))
  await caught('unique username lower', () => client.user.create({ data: { ...row('A'), email: 'b@example.com' } }))
  await caught('missing', () => client.user.update({ where: { id: 999 }, data: { username: 'x' } }))
  await caught('findUniqueOrThrow', () => client.user.findUniqueOrThrow({ where: { id: 999 } }))
  await caught('check', () => client.user.create({ data: { ...row('08123'), email: 'BIG57014@example.com' } }))
  await caught('fk', () => client.session.create({ data: { userId: 12345, refreshTokenHash: Buffer.from('x'), expiresAt: new Date() } }))
  await caught('toolong', () => client.user.create({ data: { ...row('a'.repeat(60)) } }))
  await caught('nul', () => client.user.create({ data: { ...row('a\0b') } }))
  await caught('raw unique', () => client.$executeRawUnsafe(`INSERT INTO "user" (username, email, password_hash) VALUES ('a','a@example.com','x')`))
  await caught('raw syntax', () => client.$queryRawUnsafe(`SELEKT 1`))
  await caught('statement timeout', () => client.$transaction(async (tx) => { await tx.$executeRawUnsafe(`SET LOCAL statement_timeout = 50`); await tx.$queryRawUnsafe(`SELECT pg_sleep(2)::text`) }))
  await caught('lock timeout', () => client.$transaction(async (tx) => { await tx.user.update({ where: { id: 1 }, data: { username: 'a' } }); await client.$transaction(async (t2) => { await t2.$executeRawUnsafe(`SET LOCAL lock_timeout = 50`); await t2.user.update({ where: { id: 1 }, data: { username: 'a' } }) }) }))
  await caught('tx timeout', () => client.$transaction(async (tx) => { await new Promise((r) => setTimeout(r, 300)); await tx.user.count() }, { timeout: 100 }))
  await caught('tx timeout at commit', () => client.$transaction(async () => { await new Promise((r) => setTimeout(r, 300)) }, { timeout: 100 }))
  let late: any
  await client.$transaction(async (tx) => { late = tx })
  await caught('late', () => late.user.count())
  await caught('pool exhausted tx', () => client.$transaction(async () => client.$transaction(async () => client.$transaction(async () => 1, { maxWait: 1500 }), { maxWait: 1500 }), { timeout: 9000 }))
  await caught('pool exhausted tx short', () => client.$transaction(async () => client.$transaction(async () => client.$transaction(async () => 1, { maxWait: 500 }), { maxWait: 1500 }), { timeout: 9000 }))
  await caught('pool exhausted query', () => client.$transaction(async () => client.$transaction(async () => client.user.count()), { timeout: 9000 }))
  await client.$executeRawUnsafe(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '23505', CONSTRAINT = 'some_index'; END $$`)
  await client.$executeRawUnsafe(`CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON "user" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.username = 'refuse') EXECUTE FUNCTION refuse()`)
  await caught('commit', () => client.$transaction(async (tx) => { await tx.user.create({ data: row('refuse') }) }))
  await caught('deadlock', () => (async () => {
    const b = await client.user.create({ data: row('dl') })
    const lock = (one: number, two: number) => client.$transaction(async (tx) => { await tx.user.update({ where: { id: one }, data: { username: undefined } }); await tx.$queryRawUnsafe(`SELECT 1 FROM "user" WHERE id=${one} FOR UPDATE`); await new Promise((r) => setTimeout(r, 300)); await tx.$queryRawUnsafe(`SELECT 1 FROM "user" WHERE id=${two} FOR UPDATE`) })
    await Promise.all([lock(1, b.id), lock(b.id, 1)])
  })())
  await caught('40000 in', () => client.user.findMany({ where: { id: { in: Array.from({ length: 40000 }, (_, i) => i) } } }))
}, 60000)

it('away', async () => {
  const proxy = await startTcpProxy(test.core.config.databaseUrl)
  const db = createDatabase({ config: { ...test.core.config, databaseUrl: proxy.url }, log: test.core.log })
  await db.client.user.count()
  await caught('cut mid query', async () => { const p = db.client.$queryRawUnsafe(`SELECT pg_sleep(3)::text`); p.catch(() => 0); await new Promise((r) => setTimeout(r, 200)); await proxy.cut(); await p })
  await caught('refused', () => db.client.user.count())
  await caught('refused ping', () => db.ping())
  await caught('refused tx', () => db.client.$transaction(async (tx) => tx.user.count()))
  await proxy.restore()
  await caught('cut in tx', () => db.client.$transaction(async (tx) => { await tx.user.count(); await proxy.cut(); await tx.user.count() }))
  await proxy.restore()
  await caught('cut before commit', () => db.client.$transaction(async (tx) => { await tx.user.count(); await proxy.cut(); await new Promise((r) => setTimeout(r, 100)) }))
  await proxy.restore()
  await db.client.user.count()
  await caught('terminated', async () => { const p = db.client.$queryRawUnsafe(`SELECT pg_sleep(3)::text`); p.catch(() => 0); await new Promise((r) => setTimeout(r, 200)); await test.core.database.pool.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(3)%' AND pid <> pg_backend_pid()`); await p })
  await db.client.user.count()
  proxy.freeze()
  await caught('frozen', () => db.client.user.count())
  await caught('frozen ping', () => db.ping())
  await proxy.close()
  await db.close().catch((e) => note('close', e))
  const wrong = new URL(test.core.config.databaseUrl); wrong.pathname = '/nope_test'
  const w = createDatabase({ config: { ...test.core.config, databaseUrl: wrong.href }, log: test.core.log })
  await caught('wrong db', () => w.client.user.count())
  await w.close()
}, 60000)
