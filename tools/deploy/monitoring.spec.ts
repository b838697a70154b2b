import { alerts, documentsOf, filesOf, metricsIn, panels, read } from './read-deployment.ts'

const sources = filesOf('libs/*/src/**/*.ts', 'apps/*/src/**/*.ts')
  .filter((path) => !path.includes('generated') && !path.endsWith('.spec.ts'))
  .map(read)
  .join('\n')

// Made by Prometheus itself, and by prom-client's default metrics.
const givenByOthers = /^(up|process_\w+|nodejs_\w+)$/
const suffixOfHistogram = /_(bucket|count|sum)$/

describe('alerts and dashboard', () => {
  const expressions = [...alerts(), ...panels().flatMap(({ targets = [] }) => targets)]
  const metrics = new Set(expressions.flatMap(({ expr }) => metricsIn(expr)))

  it.each([...metrics].filter((name) => !givenByOthers.test(name)).sort())(
    '%s is a metric that a process exports',
    (name) => {
      expect(sources).toContain(`'${name.replace(suffixOfHistogram, '')}'`)
    },
  )

  it.each(alerts())('$alert says how bad it is, what is wrong and what to do', (rule) => {
    expect(['warning', 'critical']).toContain(rule.labels['severity'])
    expect(rule.annotations['summary']).toBeTruthy()
    expect(rule.annotations['description']).toBeTruthy()
  })

  it('has no two alerts or panels of one name', () => {
    for (const names of [alerts().map(({ alert }) => alert), panels().map(({ title }) => title)])
      expect(names).toHaveLength(new Set(names).size)
  })
})

describe('metricsIn', () => {
  it('leaves functions, labels and keywords aside', () => {
    expect(
      metricsIn(
        'histogram_quantile(0.9, sum by (le) (rate(a_seconds_bucket{status=~"5..", job="x"}[5m]))) / max(b) > 1 and c',
      ),
    ).toEqual(['a_seconds_bucket', 'b', 'c'])
  })
})

describe('YAML of the deployment', () => {
  it.each(
    filesOf('deploy/{prometheus,grafana}/**/*.yaml', 'deploy/prometheus/*.yml', '.github/**/*.yml'),
  )('%s can be read', (path) => {
    expect(documentsOf(path)).toHaveLength(1)
  })
})
