import { describeConfig } from '@ashlar/core/config'
import { configDefinitions } from '@ashlar/modules/config'
import { serverPorts, workloads } from '../dev/workloads.ts'

/** Every key of every schema, and those of the launcher, each with a line on what it does. */
export function describeEnvironment(): string {
  const keys = describeConfig(configDefinitions)
  const sections = [
    section(
      'The platform, every process',
      keys.filter(({ key }) => !key.startsWith('AUTH_')),
    ),
    section(
      'The auth module',
      keys.filter(({ key }) => key.startsWith('AUTH_')),
    ),
    launcherSection(),
  ]
  return `${heading}\n${sections.join('\n')}`
}

const heading = `# Every key that Ashlar reads. \`npm run dev\` writes a .env with random secrets; nothing needs to be copied from here.
# The process environment wins over .env, which wins over the defaults. Under APP_ENV=testing, .env.test wins over .env.
# Each key shows an example.
`

type Key = ReturnType<typeof describeConfig>[number]

function section(title: string, keys: Key[]): string {
  return `# --- ${title}\n\n${keys.map(describeKey).join('\n')}`
}

function describeKey({ key, description, example, required, default: standard }: Key): string {
  const note = required ? ' Required.' : standard ? ` Default: ${standard}` : ''
  return `# ${description}${note}\n# ${key}=${example}\n`
}

function launcherSection(): string {
  const apps = workloads.flatMap(({ name, ports }) =>
    ports
      .filter(({ key }) => key !== 'PORT' && key !== 'MANAGEMENT_PORT')
      .map(({ key, variable, byDefault }) => {
        const what = variable === 'PORT' ? 'Public port' : 'Management port'
        return `# ${what} of the ${name}.\n# ${key}=${byDefault}\n`
      }),
  )
  const servers = Object.entries(serverPorts).map(
    ([key, byDefault]) =>
      `# ${serverDescriptions[key as keyof typeof serverPorts]}\n# ${key}=${byDefault}\n`,
  )
  const password =
    '# Password of the embedded PostgreSQL and of the one in docker-compose.yml.\n# POSTGRES_PASSWORD=the output of: openssl rand -base64 36\n'
  return `# --- npm run dev and docker compose alone\n\n${[password, ...apps, ...servers].join('\n')}`
}

const serverDescriptions: Record<keyof typeof serverPorts, string> = {
  POSTGRES_PORT: 'Port of the embedded PostgreSQL.',
  REDIS_PORT: 'Port of the Redis that npm run dev brings.',
  MAIL_UI_PORT: 'Port of the inbox that shows every mail.',
  MAIL_SMTP_PORT: 'Port at which the mail catcher takes mails.',
}
