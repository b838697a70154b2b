const qualified = /^[a-z][a-z0-9-]*\.[a-z0-9]+(-[a-z0-9]+)*$/

/** Refuses a name that is not `<module>.<what>` in lower case: it becomes part of queue names and job ids. */
export function assertQualifiedName(name: string): void {
  if (!qualified.test(name))
    throw new TypeError(`"${name}" must be <module>.<what>, in lower case with dashes`)
}

/** Refuses listeners and tasks that do not carry the name of their module: their jobs would run in the queues of another. */
export function assertOwnNames(modules: readonly NamedModule[]): void {
  for (const { name, listeners = [], tasks = [] } of modules)
    for (const own of [...listeners.map(({ id }) => id), ...tasks.map(({ task }) => task.name)])
      if (moduleOf(own) !== name)
        throw new TypeError(`"${own}" belongs to the module ${name} and must begin with "${name}."`)
}

interface NamedModule {
  name: string
  listeners?: readonly { id: string }[] | undefined
  tasks?: readonly { task: { name: string } }[] | undefined
}

/** The module that owns a listener or a task. */
export const moduleOf = (name: string): string => name.slice(0, name.indexOf('.'))

/** The BullMQ queue in which a module's listeners run. */
export const eventQueue = (moduleName: string): string => `${moduleName}.events`

/** The BullMQ queue in which a module's tasks run. */
export const taskQueue = (moduleName: string): string => `${moduleName}.tasks`
