export interface CoalesceOptions {
  /** Items of one call at most; any number if absent. */
  maxBatch?: number
  /**
   * Begins a call for each turn of the event loop, also while others are under way: for reads, which must not wait for each other. If absent,
   * what comes meanwhile goes into the next call: for writes, which grow with their load.
   */
  overlapping?: boolean
}

/**
 * One call for many: what is asked for in one turn of the event loop goes together. `run` gives one result for each item, in order; when it
 * fails, all of them fail.
 *
 * @example
 * const markSold = coalesce((ids: number[]) => store.stones.markSold(ids))
 */
export function coalesce<Item, Result>(
  run: (items: Item[]) => Promise<readonly Result[]>,
  { maxBatch = Infinity, overlapping = false }: CoalesceOptions = {},
): (item: Item) => Promise<Result> {
  const waiting: Waiting<Item, Result>[] = []
  let busy = false

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject })
      if (!busy) void runAll()
    })

  async function runAll(): Promise<void> {
    busy = true
    await new Promise(setImmediate)
    while (waiting.length > 0) {
      const done = runBatch(waiting.splice(0, maxBatch))
      if (!overlapping) await done
    }
    busy = false
  }

  async function runBatch(batch: Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await run(batch.map(({ item }) => item))
      batch.forEach(({ resolve }, index) => resolve(results[index] as Result))
    } catch (error) {
      batch.forEach(({ reject }) => reject(error))
    }
  }
}

interface Waiting<Item, Result> {
  item: Item
  resolve: (result: Result) => void
  reject: (error: unknown) => void
}
