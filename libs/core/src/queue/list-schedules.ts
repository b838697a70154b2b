import { withDeadline } from '../redis/index.ts'
import type { Queues } from './queues.ts'

const deadlineMs = 5_000

/** When the scheduled tasks of these queues run next, by the name of the task. */
export async function listSchedules(
  queues: Queues,
  names: readonly string[],
): Promise<Map<string, Date>> {
  const lists = await Promise.all(
    names.map((name) => withDeadline(queues.get(name).getJobSchedulers(), deadlineMs)),
  )
  return new Map(lists.flat().map(({ key, next = 0 }) => [key, new Date(next)]))
}
