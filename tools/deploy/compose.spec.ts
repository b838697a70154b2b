import { bundlesIn, has, knownKeys, read, services } from './read-deployment.ts'

const ours = services().filter(([, { image }]) => image.startsWith('ashlar:'))
const oneShot = ['migrate']

describe('docker-compose.yml', () => {
  it('runs the four processes and the migration', () => {
    expect(ours.map(([name]) => name).sort()).toEqual([
      'admin-dashboard',
      'api',
      'migrate',
      'scheduler',
      'worker',
    ])
  })

  it.each(services())('pins the version of %s', (_, { image }) => {
    expect(image).toMatch(/^[a-z/]+:(?!latest)[\w.-]+$/)
  })

  it.each(services().filter(([name]) => !oneShot.includes(name)))(
    'asks %s how it is, restarts it and limits its memory',
    (_, service) => {
      expect(service.healthcheck?.test).toBeDefined()
      expect(service.restart).toBe('unless-stopped')
      expect(service.deploy?.resources?.limits?.memory).toBeDefined()
    },
  )

  it.each(services())('publishes the ports of %s on this machine alone', (_, { ports = [] }) => {
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\$\{[A-Z_]+:-\d+\}:\d+$/)
  })

  it.each(ours)('runs a process that exists as %s', (_, { command = [] }) => {
    const [folder] = bundlesIn(command[0] ?? '')
    expect(has(`${folder}/package.json`) || folder === 'tools/db').toBe(true)
  })

  it.each(ours)('gives %s nothing to write to and no privileges', (_, service) => {
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'] })
  })

  it.each(ours)('gives %s environment keys that are known', (_, { environment = {} }) => {
    expect(knownKeys()).toEqual(expect.arrayContaining(Object.keys(environment)))
  })

  it.each(ours)('stops %s later than the process stops itself', (_, service) => {
    const grace = Number.parseInt(service.environment?.['SHUTDOWN_GRACE'] ?? '')
    expect(Number.parseInt(service.stop_grace_period ?? '')).toBeGreaterThan(grace)
  })

  it('starts no process before the database is migrated', () => {
    for (const [, service] of ours.filter(([name]) => !oneShot.includes(name)))
      expect(service.depends_on?.['migrate']).toEqual({
        condition: 'service_completed_successfully',
      })
  })

  it('holds no secret, and names the command that makes them', () => {
    expect(read('docker-compose.yml')).toContain('${POSTGRES_PASSWORD:?run "npm run setup"')
    for (const [name, value] of services().flatMap(([, { environment = {} }]) =>
      Object.entries(environment),
    ))
      if (/PASSWORD|SECRET|KEY$/.test(name)) expect(value).toMatch(/^\$\{/)
  })

  it('catches mails with the version that npm run dev brings', () => {
    const { devDependencies } = JSON.parse(read('tools/package.json')) as {
      devDependencies: Record<string, string>
    }
    const mail = Object.fromEntries(services())['mail']
    expect(mail?.image).toBe(`maildev/maildev:${devDependencies['maildev']}`)
  })
})
