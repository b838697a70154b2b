import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startMailCatcher } from '../servers/mail-catcher.ts'
import { startPostgres } from '../servers/postgres.ts'
import { localFolder } from '../servers/project.ts'
import { startRedis } from '../servers/redis.ts'
import type { RunningServer } from '../servers/server-process.ts'
import type { Settings } from './settings.ts'

export const embeddedData = ['postgres', 'redis', 'mail'].map((name) => join(localFolder, name))

function startEmbeddedPostgres({ password, ports }: Settings) {
  return startPostgres({
    dataDir: join(localFolder, 'postgres'),
    port: ports.POSTGRES_PORT!,
    user: 'ashlar',
    password,
    database: 'ashlar',
    durable: true,
  })
}

/** Starts the servers that no address in the environment replaces, and starts one again that ends by itself. */
export function startEmbeddedServers(
  settings: Settings,
  print: (line: string) => void,
  signal: AbortSignal,
) {
  const { embedded, ports } = settings
  const dir = join(localFolder, 'redis')
  const servers = {
    postgres: keep(embedded.postgres, 'PostgreSQL', () => startEmbeddedPostgres(settings)),
    redis: keep(embedded.redis, 'Redis', () =>
      startRedis({ dir, port: ports.REDIS_PORT!, durable: true, report: print }),
    ),
    mail: keep(embedded.mail, 'The mail catcher', () =>
      startMailCatcher({ smtpPort: ports.MAIL_SMTP_PORT!, webPort: ports.MAIL_UI_PORT! }),
    ),
  }
  // Not all are awaited at once; until then the fault of one must not end the launcher, which would stop nothing.
  for (const started of Object.values(servers)) started.catch(() => {})
  return servers

  async function keep(wanted: boolean, name: string, start: () => Promise<RunningServer>) {
    if (wanted) watch(name, start, await start())
  }

  function watch(name: string, start: () => Promise<RunningServer>, server: RunningServer) {
    void server.exited.then(async () => {
      if (signal.aborted) return
      print(`${name} has ended. It is started again in 5 s.`)
      try {
        await sleep(5000, undefined, { signal })
        watch(name, start, await start())
        print(`${name} is back.`)
      } catch (error) {
        if (!signal.aborted) print(error instanceof Error ? error.message : String(error))
      }
    })
  }
}
