import type { AdminLogin } from './admin-login.ts'
import type { Paint } from './log-lines.ts'
import type { Settings } from './settings.ts'

/** The last word of a start: what runs where, who may log in, and one command that works. */
export function describeSystem(
  settings: Settings,
  adminLogin: AdminLogin,
  tookMs: number,
  paint: Paint,
) {
  const { shared } = settings
  const title = `${shared.APP_NAME ?? 'Ashlar'} is running (${(tookMs / 1000).toFixed(1)} s)`
  const rows = [...addresses(settings), ...admin(settings, adminLogin)]
  const width = Math.max(title.length, ...rows.map(([, value]) => value.length + labelWidth))
  const line = (text: string, length: number) => `│ ${text}${' '.repeat(width - length)} │`
  return [
    '',
    `┌${'─'.repeat(width + 2)}┐`,
    line(paint('bold', title), title.length),
    ...rows.map(([label, value]) =>
      line(paint('dim', label.padEnd(labelWidth)) + value, labelWidth + value.length),
    ),
    `└${'─'.repeat(width + 2)}┘`,
    ...(runs(settings, 'api') ? ['Try:', `  ${tryThis(settings, adminLogin)}`] : []),
    paint('dim', 'Ctrl-C stops everything. More: npm run dev -- --help'),
    '',
  ].join('\n')
}

const labelWidth = 16

function addresses(settings: Settings): [string, string][] {
  const { embedded, hosts, ports, shared, chosen } = settings
  const api = `http://${hosts.public}:${ports.PORT}`
  const health = chosen.map(({ name, ports: own }) => {
    const { key } = own.find(({ variable }) => variable === 'MANAGEMENT_PORT')!
    return [name, `http://${hosts.management}:${ports[key]}/metrics, /health/ready`] as [
      string,
      string,
    ]
  })
  return [
    ...(runs(settings, 'api')
      ? ([
          ['API', `${api}/api/v1`],
          ['API docs', `${api}/docs  (OpenAPI: ${api}/openapi.json)`],
        ] as [string, string][])
      : []),
    ...(runs(settings, 'admin-dashboard')
      ? ([['Queues', `http://${hosts.public}:${ports.ADMIN_DASHBOARD_PORT}/queues`]] as [
          string,
          string,
        ][])
      : []),
    ['Mail', embedded.mail ? mailAddress(ports) : withoutPassword(shared.SMTP_URL)],
    ['PostgreSQL', withoutPassword(shared.DATABASE_URL)],
    ['Redis', withoutPassword(shared.REDIS_URL)],
    ...health.map(([name, value]): [string, string] => [`${name} `.trim(), value]),
  ]
}

function mailAddress(ports: Settings['ports']) {
  return `http://localhost:${ports.MAIL_UI_PORT}  (SMTP: 127.0.0.1:${ports.MAIL_SMTP_PORT})`
}

function admin({ shared }: Settings, adminLogin: AdminLogin): [string, string][] {
  if (!shared.AUTH_ADMIN_EMAIL) return []
  const changed = adminLogin === 'changed'
  const password = changed ? '(not the one in .env any more)' : shared.AUTH_ADMIN_PASSWORD
  return [['Admin', `${shared.AUTH_ADMIN_EMAIL}  password: ${password}`]]
}

function tryThis({ hosts, ports, shared }: Settings, adminLogin: AdminLogin) {
  const api = `http://${hosts.public}:${ports.PORT}`
  if (adminLogin !== 'valid') return `curl -i ${api}/health/ready`
  const body = JSON.stringify({
    email: shared.AUTH_ADMIN_EMAIL,
    password: shared.AUTH_ADMIN_PASSWORD,
  }).replaceAll("'", "'\\''")
  return `curl -i ${api}/api/v1/auth/login -H 'content-type: application/json' -d '${body}'`
}

function runs({ chosen }: Settings, name: string) {
  return chosen.some((workload) => workload.name === name)
}

/** Without the parameters as well, which matter to a driver alone. */
function withoutPassword(address = '') {
  try {
    const url = new URL(address)
    if (url.password) url.password = ''
    url.search = ''
    return url.href
  } catch {
    return address
  }
}
