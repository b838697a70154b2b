import { createDeadJobs, leftQueuesOf, taskQueuesOf, type DeadJobs } from '@ashlar/core/queue'
import { readArguments, wrongUsage, type Command, type Print } from '../command/command-line.ts'
import { formatTable } from '../command/table.ts'
import { requireRedis, withCore } from '../command/with-core.ts'

const queue = { type: 'string' } as const
const all = { type: 'boolean', default: false } as const

export const dead: Command = async (args, print) => {
  const { values } = readArguments(args, { queue })
  await withDeadJobs(values.queue, async (jobs) => {
    const rows = (await jobs.list()).map(({ id, task, attempts, diedAt, reason }) => [
      id,
      task,
      String(attempts),
      diedAt.toISOString(),
      reason,
    ])
    if (rows.length === 0) return print('No job is dead.')
    for (const line of formatTable(['ID', 'TASK', 'ATTEMPTS', 'DIED', 'REASON'], rows)) print(line)
    print('\nRun one again: npm run tasks -- retry ID')
  })
}

export const retry: Command = (args, print) => change('retry', 'Runs again:', args, print)

export const remove: Command = (args, print) => change('remove', 'Removed:', args, print)

/** False when an id is not that of a dead job. */
async function change(action: 'retry' | 'remove', done: string, args: string[], print: Print) {
  const { values, positionals } = readArguments(args, { all, queue })
  if (values.all === positionals.length > 0)
    throw wrongUsage(`tasks ${action} ID…, or: tasks ${action} --all [--queue QUEUE]`)
  let inOrder = true
  await withDeadJobs(values.queue, async (jobs) => {
    const ids = values.all ? (await jobs.list()).map(({ id }) => id) : positionals
    if (ids.length === 0) print('No job is dead.')
    for (const id of ids) {
      const found = await jobs[action](id)
      inOrder &&= found
      print(found ? `${done} ${id}` : `There is no dead job ${id}. See: npm run tasks -- dead`)
    }
  })
  return inOrder
}

function withDeadJobs(queue: string | undefined, work: (jobs: DeadJobs) => Promise<void>) {
  return withCore('tasks', async (core, modules) => {
    const names = modules.flatMap(taskQueuesOf)
    const left = modules.flatMap(leftQueuesOf)
    if (queue && ![...names, ...left].includes(queue))
      throw wrongUsage(`There is no queue "${queue}". There are: ${names.join(', ')}`)
    requireRedis(core)
    const found = [...names, ...(await core.queues.findUsed(left))]
    await work(createDeadJobs({ queues: core.queues, names: queue ? [queue] : found }))
  })
}
