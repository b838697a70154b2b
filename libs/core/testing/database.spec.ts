import { Client } from 'pg'
import { cloneTestDatabase, createTemplateDatabase } from './database.ts'

const adminUrl = process.env['DATABASE_URL'] ?? ''

describe('a test database', () => {
  it('is migrated, empty and apart from every other', async () => {
    const [one, other] = await Promise.all([
      cloneTestDatabase(adminUrl, '1'),
      cloneTestDatabase(adminUrl, '1'),
    ])
    await query(one.url, `INSERT INTO event_subscription VALUES ('a.b', 'c.d', 'a.events')`)
    expect(await query(one.url, 'SELECT 1 FROM event_subscription')).toHaveLength(1)
    expect(await query(other.url, 'SELECT 1 FROM event_subscription')).toHaveLength(0)
    await Promise.all([one.drop(), other.drop()])
    await expect(query(one.url, 'SELECT 1')).rejects.toMatchObject({ code: '3D000' })
  })

  it('is copied from one template, whoever asks first', async () => {
    const names = await Promise.all([1, 2, 3].map(() => createTemplateDatabase(adminUrl)))
    expect(new Set(names).size).toBe(1)
    expect(names[0]).toMatch(/^ashlar_test_template_[0-9a-f]{12}$/)
  })

  it('is dropped while somebody is still connected', async () => {
    const database = await cloneTestDatabase(adminUrl, '1')
    const client = new Client({ connectionString: database.url })
    client.on('error', () => undefined)
    await client.connect()
    await database.drop()
    await client.end().catch(() => undefined)
  })

  it('is never made from a database whose name does not say test', async () => {
    const development = new URL(adminUrl)
    development.pathname = '/ashlar'
    await expect(cloneTestDatabase(development.href, '1')).rejects.toThrow('"ashlar" has none')
  })
})

async function query(connectionString: string, sql: string): Promise<object[]> {
  const client = new Client({ connectionString })
  await client.connect()
  try {
    return (await client.query<object>(sql)).rows
  } finally {
    await client.end()
  }
}
