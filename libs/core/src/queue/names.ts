const qualified = /^[a-z][a-z0-9-]*\.[a-z0-9]+(-[a-z0-9]+)*$/
/** What the shared queues of a module are called; a task with limits has a queue by its own name. */
const reserved = /\.(events|tasks)$/

/** Refuses a name that is not `<module>.<what>` in lower case: it becomes part of queue names and job ids. */
export function assertQualifiedName(name: string): void {
  if (!qualified.test(name))
    throw new TypeError(`"${name}" must be <module>.<what>, in lower case with dashes`)
  if (reserved.test(name)) throw new TypeError(`"${name}" is the name of a queue; choose another`)
}

/** Refuses listeners and tasks that do not carry the name of their module: their jobs would run in the queues of another. */
export function assertOwnNames(modules: readonly NamedModule[]): void {
  for (const module of modules) {
    const { name, listeners = [], tasks = [] } = module
    assertApart(module)
    for (const own of [...listeners.map(({ id }) => id), ...tasks.map(({ task }) => task.name)])
      if (moduleOf(own) !== name)
        throw new TypeError(`"${own}" belongs to the module ${name} and must begin with "${name}."`)
  }
}

interface NamedModule {
  name: string
  listeners?: readonly { id: string }[] | undefined
  tasks?: readonly { task: { name: string } }[] | undefined
}

/** Refuses a listener and a task of one name: they share the table of deliveries. */
function assertApart({ listeners = [], tasks = [] }: NamedModule): void {
  const ids = new Set(listeners.map(({ id }) => id))
  const both = tasks.find(({ task }) => ids.has(task.name))?.task.name
  if (both) throw new TypeError(`"${both}" is a listener and a task; give one of them another name`)
}

/** The module that owns a listener or a task. */
export const moduleOf = (name: string): string => name.slice(0, name.indexOf('.'))

/** The BullMQ queue in which a module's listeners run. */
export const eventQueue = (moduleName: string): string => `${moduleName}.events`

/** The BullMQ queue in which those tasks of a module run that have no limits of their own. */
export const taskQueue = (moduleName: string): string => `${moduleName}.tasks`

/** Every queue of a module: its listeners' if it has any, its tasks', and one for each task with limits. */
export const queuesOf = (module: ModuleQueues): string[] => [
  ...(module.listeners?.length ? [eventQueue(module.name)] : []),
  ...taskQueuesOf(module),
]

/** Those of {@link queuesOf} that hold tasks. */
export const taskQueuesOf = ({ name, tasks = [] }: ModuleQueues): string[] => [
  ...new Set([taskQueue(name), ...tasks.map(({ task }) => task.queue)]),
]

/**
 * Queues that tasks of a module had while they had limits, and in which jobs may be left. There is none as long as nobody took a limit
 * away, so ask {@link Queues.findUsed} which there are.
 */
export const leftQueuesOf = ({ tasks = [] }: Pick<ModuleQueues, 'tasks'>): string[] =>
  tasks.flatMap(({ task }) => (task.queue === task.name ? [] : [task.name]))

interface ModuleQueues {
  name: string
  listeners?: readonly object[] | undefined
  tasks?: readonly { task: { name: string; queue: string } }[] | undefined
}
