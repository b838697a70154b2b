/** The processes of the system, and the variables that set their ports. */
export interface Workload {
  name: string
  entry: string
  ports: { key: string; variable: 'PORT' | 'MANAGEMENT_PORT'; byDefault: number }[]
}

export const workloads: Workload[] = [
  {
    name: 'api',
    entry: 'apps/api',
    ports: [
      { key: 'PORT', variable: 'PORT', byDefault: 3000 },
      { key: 'MANAGEMENT_PORT', variable: 'MANAGEMENT_PORT', byDefault: 9464 },
    ],
  },
  {
    name: 'worker',
    entry: 'apps/worker',
    ports: [{ key: 'WORKER_MANAGEMENT_PORT', variable: 'MANAGEMENT_PORT', byDefault: 9465 }],
  },
  {
    name: 'scheduler',
    entry: 'apps/scheduler',
    ports: [{ key: 'SCHEDULER_MANAGEMENT_PORT', variable: 'MANAGEMENT_PORT', byDefault: 9466 }],
  },
  {
    name: 'admin-dashboard',
    entry: 'apps/admin-dashboard',
    ports: [
      { key: 'ADMIN_DASHBOARD_PORT', variable: 'PORT', byDefault: 3001 },
      {
        key: 'ADMIN_DASHBOARD_MANAGEMENT_PORT',
        variable: 'MANAGEMENT_PORT',
        byDefault: 9467,
      },
    ],
  },
]

export const serverPorts = {
  POSTGRES_PORT: 54329,
  REDIS_PORT: 63799,
  MAIL_UI_PORT: 1080,
  MAIL_SMTP_PORT: 1025,
}
