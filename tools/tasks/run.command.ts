import type { FeatureModule } from '@ashlar/core/module'
import { readPayload, type TaskHandler } from '@ashlar/core/queue'
import { readArguments, wrongUsage, type Command } from '../command/command-line.ts'
import { requireRedis, withCore } from '../command/with-core.ts'

const waitMs = 600_000

/** Without a payload, that of the task's schedule, or `{}`. */
export const run: Command = async (args, print) => {
  const { positionals, values } = readArguments(args, { wait: { type: 'boolean', default: false } })
  const [name, json, ...rest] = positionals
  if (!name || rest.length > 0) throw wrongUsage(`tasks run NAME ['{"json": …}'] [--wait]`)
  const given = json === undefined ? undefined : parseJson(json)
  await withCore('tasks', async (core, modules) => {
    const { task, schedule } = findTask(modules, name)
    const payload = given ?? schedule?.payload ?? {}
    readPayload(task.schema, payload)
    requireRedis(core)
    const { id } = await core.tasks.enqueue(task, payload)
    print(`Enqueued ${name} as job ${id} in ${task.queue}`)
    if (!values.wait) return
    const result = await core.tasks.waitForResult(task, id, { timeoutMs: waitMs })
    print(`Completed: ${JSON.stringify(result) ?? 'no result'}`)
  })
}

function findTask(modules: readonly FeatureModule[], name: string): TaskHandler {
  const tasks = modules.flatMap((module) => module.tasks ?? [])
  const found = tasks.find(({ task }) => task.name === name)
  if (found) return found
  const names = tasks.map(({ task }) => `  ${task.name}`).join('\n')
  throw wrongUsage(`There is no task "${name}". There are:\n${names}`)
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    throw wrongUsage(`The payload is not JSON: ${json}\nIn a shell, put it in single quotes.`)
  }
}
