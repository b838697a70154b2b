import { describeConfig } from '@ashlar/core/config'
import { configDefinitions } from '@ashlar/modules/config'
import { Ajv } from 'ajv'
import { parse } from 'yaml'
import { bundlesIn, chart, filesOf, has, knownKeys, read } from './read-deployment.ts'

type Values = Record<string, unknown> & { config: Record<string, string> }

const values = parse(read(`${chart}/values.yaml`)) as Values
const connections = ['DATABASE_URL', 'DATABASE_DIRECT_URL', 'REDIS_URL', 'SMTP_URL']
/** The reader of the configuration in each. */
const workloads = {
  api: 'api',
  worker: 'worker',
  scheduler: 'scheduler',
  adminDashboard: 'admin-dashboard',
  migration: 'command',
}
const templates = filesOf(`${chart}/templates/*`)
const isValid = new Ajv({ allowUnionTypes: true }).compile(
  JSON.parse(read(`${chart}/values.schema.json`)) as object,
)

describe('Helm chart', () => {
  it('has values that its own schema takes', () => {
    isValid(values)
    expect(isValid.errors).toBeNull()
  })

  it.each(filesOf(`${chart}/ci/*.yaml`))('takes the values of %s', (path) => {
    isValid(merged(values, parse(read(path)) as Values))
    expect(isValid.errors).toBeNull()
  })

  it.each([
    ['a misspelt value', { apii: {} }],
    ['a misspelt value of a process', { api: { ...(values['api'] as object), replica: 1 } }],
    ['replicas in words', { scheduler: { ...(values['scheduler'] as object), replicas: 'two' } }],
    ['a time with a unit', { shutdownGraceSeconds: '10s' }],
    ['an unknown APP_ENV', { config: { APP_ENV: 'prod' } }],
    ['an environment key in small letters', { config: { app_env: 'production' } }],
    ['an image with its tag in the name', { image: { repository: 'ashlar:1.0' } }],
  ])('refuses %s', (_, wrong) => {
    expect(isValid({ ...values, ...wrong })).toBe(false)
  })

  it('sets environment keys that are known', () => {
    const examples = filesOf(`${chart}/ci/*.yaml`).map(
      (path) => parse(read(path)) as Partial<Values>,
    )
    const keys = [values, ...examples].flatMap(({ config = {} }) => Object.keys(config))
    const inTemplates = [
      ...read(`${chart}/templates/_helpers.tpl`).matchAll(/^([A-Z][A-Z_]+): /gm),
    ].map(([, key]) => key)
    expect(knownKeys()).toEqual(expect.arrayContaining([...keys, ...inTemplates]))
  })

  it('tells of the secrets that have no default', () => {
    const required = describeConfig(configDefinitions).filter(({ required }) => required)
    expect(required.length).toBeGreaterThan(0)
    for (const { key } of required) expect(read(`${chart}/README.md`)).toContain(`=${key}=`)
  })

  it('gives each process the secrets that it reads, and no other', () => {
    const keys = describeConfig(configDefinitions)
    const listed = (name: string) => (values[name] as { secretKeys: string[] }).secretKeys
    const everywhere = values['secretKeys'] as string[]
    const secrets = keys.filter(
      ({ key, secret, password }) =>
        (secret ?? password ?? false) || connections.includes(key) || key === 'AUTH_ADMIN_EMAIL',
    )
    for (const [workload, process] of Object.entries(workloads)) {
      const known = secrets.filter(({ processes }) => processes?.includes(process) ?? true)
      expect([workload, [...everywhere, ...listed(workload)].sort()]).toEqual([
        workload,
        known.map(({ key }) => key).sort(),
      ])
    }
    const helpers = read(`${chart}/templates/_helpers.tpl`)
    expect(helpers).not.toMatch(/secretRef:\n\s+name: \{\{ include "ashlar.secretName"/)
  })

  it('trusts no proxy unless there is one, and begins no address with http in production', () => {
    expect(values.config).not.toHaveProperty('TRUST_PROXY')
    const helpers = read(`${chart}/templates/_helpers.tpl`)
    expect(helpers).toContain('"TRUST_PROXY" "value" (ternary "1" "0" $values.ingress.enabled)')
    expect(helpers).toContain('config.APP_URL is missing, or does not begin with https://')
  })

  it('runs one process for each app', () => {
    const components = templates.flatMap((path) =>
      [...read(path).matchAll(/"component" "([a-z-]+)"/g)].map(([, name]) => name),
    )
    const apps = filesOf('apps/*/package.json').map((path) => path.split(/[\\/]/)[1])
    expect([...new Set(components)].sort()).toEqual(apps)
    expect(read(`${chart}/templates/_helpers.tpl`)).toContain(
      'args: [apps/{{ .component }}/main.js]',
    )
  })

  it('migrates with a program that is in the image', () => {
    const [folder] = bundlesIn(read(`${chart}/templates/migration.yaml`))
    expect(folder).toBe('tools/db')
    expect(has('tools/db/main.ts')).toBe(true)
  })

  it('repeats no migration that failed: each try of the command waits for locks by itself', () => {
    const template = read(`${chart}/templates/migration.yaml`)
    const policy = /podFailurePolicy:\n(?: {4,}.*\n)+/.exec(template)?.[0] ?? ''
    expect(parse(policy)).toEqual({
      podFailurePolicy: {
        rules: [
          { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget' }] },
          {
            action: 'FailJob',
            onExitCodes: { containerName: 'migration', operator: 'In', values: [1, 2, 78] },
          },
        ],
      },
    })
    // Kubernetes takes a policy only where the pod is not restarted in place.
    expect(template).toContain('restartPolicy: Never')
  })

  it('has every value in its README', () => {
    const readme = read(`${chart}/README.md`)
    for (const name of Object.keys(values)) expect(readme).toMatch(new RegExp(`\`${name}[.\`]`))
  })

  it('holds no secret, and none can be given to it as a value', () => {
    for (const path of templates) expect(read(path)).not.toMatch(/^kind: Secret$/m)
  })
})

/** As Helm does it: maps are merged, anything else is replaced. */
function merged(base: Values, over: Values): Values {
  const entries = Object.entries(over).map(([name, value]) => {
    const own = base[name]
    return [name, isMap(own) && isMap(value) ? merged(own, value) : value]
  })
  return { ...base, ...Object.fromEntries(entries) } as Values
}

function isMap(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
