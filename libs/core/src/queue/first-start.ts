import type { Job } from 'bullmq'

/** Of what waited longer, an operator may have decided otherwise meanwhile. */
const freshMs = 5_000

/** Names a job by the run of Redis that it was added to, and when. Undefined where the run is not known. */
export const nameAddition = (redisRun: string | undefined, addedAt: number): string | undefined =>
  redisRun && `${redisRun}.${addedAt}`

/**
 * How the addition of a job is named that starts for the first time, and soon after. If that is the name it carries, nobody has run it before: it was
 * neither added again, nor brought back by a Redis that forgot its end.
 */
export function firstStartOf(
  { attemptsStarted, timestamp }: Job,
  redisRun: string | undefined,
): string | undefined {
  const isFirst = attemptsStarted === 1 && Date.now() - timestamp < freshMs
  return isFirst ? nameAddition(redisRun, timestamp) : undefined
}
