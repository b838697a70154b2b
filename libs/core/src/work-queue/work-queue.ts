export interface WorkQueueOptions {
  /** How much is done at a time. */
  atOnce: number
  /** How much may wait. */
  longest: number
  /** What the next one gets. */
  refusal: () => Error
}

/**
 * Does a few things at a time, lets some wait in turn, and refuses the rest at once.
 *
 * @example
 * const refusal = () => new Error('Too many stones wait to be weighed.')
 * const work = createWorkQueue({ atOnce: 2, longest: 100, refusal })
 * const weight = await work.run(() => stones.weigh(7))
 */
export function createWorkQueue({ atOnce, longest, refusal }: WorkQueueOptions) {
  const waiting: (() => void)[] = []
  let running = 0

  return { run, isBusy: () => running >= atOnce }

  async function run<T>(work: () => Promise<T>): Promise<T> {
    if (running < atOnce) running += 1
    else if (waiting.length < longest) await new Promise<void>((resolve) => waiting.push(resolve))
    else throw refusal()
    try {
      return await work()
    } finally {
      // The place goes from hand to hand, so that nobody who comes now takes it first.
      const next = waiting.shift()
      if (next) next()
      else running -= 1
    }
  }
}
