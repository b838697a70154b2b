import { parseArgs } from 'node:util'
import { ExpectedFault } from '../servers/expected-fault.ts'
import { workloads, type Workload } from './workloads.ts'

export interface Options {
  chosen: Workload[]
  help: boolean
  reload: boolean
  reset: boolean
  yes: boolean
}

export const usage = `npm run dev -- [options] [process …]

Starts PostgreSQL, Redis, a mail catcher and the processes of the system, and restarts a process when its
sources change. Ctrl-C stops all of it; a second Ctrl-C does so at once.

  process      ${workloads.map(({ name }) => name).join(', ')}; all when none is named
  --no-reload  leave the processes as they are when sources change
  --reset      begin with empty data: wipes the embedded PostgreSQL, Redis and mails (asks first)
  --yes        do not ask
  --help       this text

Ports, secrets and addresses are in .env; .env.example lists every key. DATABASE_URL, REDIS_URL or SMTP_URL
make it use a server of yours instead of bringing one. Data and logs of the servers are under .ashlar/.
`

export function readOptions(args: string[]): Options {
  const { values, positionals } = parse(args)
  const unknown = positionals.find((name) => !workloads.some((workload) => workload.name === name))
  if (unknown) throw new ExpectedFault(`There is no process "${unknown}".\n\n${usage}`, 2)
  const named = workloads.filter(({ name }) => positionals.includes(name))
  return {
    chosen: named.length > 0 ? named : workloads,
    help: values.help,
    reload: !values['no-reload'],
    reset: values.reset,
    yes: values.yes,
  }
}

function parse(args: string[]) {
  const flag = { type: 'boolean', default: false } as const
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        help: { ...flag, short: 'h' },
        'no-reload': flag,
        reset: flag,
        yes: { ...flag, short: 'y' },
      },
    })
  } catch (error) {
    throw new ExpectedFault(`${(error as Error).message}\n\n${usage}`, 2)
  }
}
