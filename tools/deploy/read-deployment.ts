import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'

const root = join(__dirname, '../..')

export const chart = 'deploy/helm/ashlar'

export const read = (path: string) => readFileSync(join(root, path), 'utf8')

export const has = (path: string) => existsSync(join(root, path))

export const filesOf = (...patterns: string[]) =>
  globSync(patterns, { cwd: root, exclude: (path) => path === 'node_modules' }).sort()

interface Service {
  image: string
  command?: string[]
  environment?: Record<string, string>
  ports?: string[]
  healthcheck?: { test?: string[]; disable?: boolean }
  depends_on?: Record<string, { condition: string }>
  restart?: string
  stop_grace_period?: string
  read_only?: boolean
  cap_drop?: string[]
  deploy?: { resources?: { limits?: { memory?: string } } }
  profiles?: string[]
}

export const services = () =>
  Object.entries(
    (parse(read('docker-compose.yml'), { merge: true }) as { services: Record<string, Service> })
      .services,
  )

interface Rule {
  alert: string
  expr: string
  for?: string
  labels: Record<string, string>
  annotations: Record<string, string>
}

export const alerts = () =>
  (parse(read('deploy/prometheus/alerts.yaml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
    ({ rules }) => rules,
  )

interface Panel {
  title: string
  targets?: { expr: string }[]
}

export const panels = () =>
  (JSON.parse(read('deploy/grafana/dashboards/ashlar.json')) as { panels: Panel[] }).panels

export const documentsOf = (path: string) =>
  parseAllDocuments(read(path)).map((document) => {
    if (document.errors.length > 0) throw new Error(`${path}: ${document.errors.join('; ')}`)
    return document.toJS() as unknown
  })

/** Every environment key that `.env.example` tells of, switched off or not. */
export const knownKeys = () =>
  [...read('.env.example').matchAll(/^#?\s*([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => name)

/** Bundles that a text names: `apps/<app>/main.js`, `tools/db/main.js`. */
export const bundlesIn = (text: string) =>
  [...text.matchAll(/\b((?:apps|tools)\/[a-z-]+)\/main\.js\b/g)].map(([, folder]) => folder)

/** The functions of PromQL, its keywords and label lists taken away: what remains are names of metrics. */
export function metricsIn(expression: string): string[] {
  const bare = expression
    .replace(/"[^"]*"/g, '')
    .replace(/\{[^}]*\}/g, '')
    .replace(/\[[^\]]*\]/g, '')
    .replace(/\b(by|without|on|ignoring)\s*\([^)]*\)/g, '')
  return [...bare.matchAll(/\b([a-z][a-z0-9_]*)\b(?!\s*\()/g)]
    .map(([, name]) => name as string)
    .filter((name) => !['and', 'or', 'unless', 'bool', 'by', 'without'].includes(name))
}
