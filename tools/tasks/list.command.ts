import type { Core } from '@ashlar/core/module'
import { listSchedules, taskQueuesOf, type TaskHandler } from '@ashlar/core/queue'
import type { Command } from '../command/command-line.ts'
import { formatTable } from '../command/table.ts'
import { requireRedis, withCore } from '../command/with-core.ts'

const headings = ['TASK', 'QUEUE', 'SCHEDULE', 'NEXT RUN']
const states = ['waiting', 'prioritized', 'active', 'delayed', 'failed'] as const

export const list: Command = (_args, print) =>
  withCore('tasks', async (core, modules) => {
    requireRedis(core)
    const names = modules.flatMap(taskQueuesOf)
    const next = await listSchedules(core.queues, names)
    const tasks = modules.flatMap((module) => module.tasks ?? [])
    const rows = tasks.map((handler) => describe(handler, next.get(handler.task.name)))
    for (const line of formatTable(headings, rows)) print(line)
    print('')
    const counts = await Promise.all(names.map((name) => count(core, name)))
    const table = formatTable(['QUEUE', 'WAITING', 'RUNNING', 'DELAYED', 'DEAD'], counts)
    for (const line of table) print(line)
  })

function describe({ task, schedule }: TaskHandler, next: Date | undefined): string[] {
  const times = !schedule
    ? '-'
    : 'cron' in schedule
      ? `${schedule.cron} ${schedule.timeZone ?? 'UTC'}`
      : `every ${schedule.everyMs} ms`
  const missing = schedule ? 'not scheduled yet' : '-'
  return [task.name, task.queue, times, next?.toISOString() ?? missing]
}

async function count({ queues }: Pick<Core, 'queues'>, name: string): Promise<string[]> {
  const jobs = await queues.get(name).getJobCounts(...states)
  const [waiting, prioritized, ...others] = states.map((state) => jobs[state] ?? 0)
  return [name, ...[(waiting ?? 0) + (prioritized ?? 0), ...others].map(String)]
}
