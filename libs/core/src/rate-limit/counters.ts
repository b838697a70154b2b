/** How often in the running window, and when it ends (ms since 1970). */
export interface Count {
  hits: number
  /** Of these, how many Redis was not told yet. */
  untold: number
  resetAt: number
}

/** Counts in this process. At most `maxKeys`; then those go that were not counted for the longest time. */
export function createCounters(windowMs: number, maxKeys: number) {
  const counts = new Map<string, Count>()
  return { hit, find, has }

  function hit(key: string): Count {
    const count = find(key) ?? { hits: 0, untold: 0, resetAt: Date.now() + windowMs }
    count.hits += 1
    counts.delete(key)
    counts.set(key, count)
    if (counts.size > maxKeys) dropOldest()
    return count
  }

  function find(key: string): Count | undefined {
    const count = counts.get(key)
    return count && count.resetAt > Date.now() ? count : undefined
  }

  function has(key: string, count: Count): boolean {
    return counts.get(key) === count && count.resetAt > Date.now()
  }

  function dropOldest(): void {
    for (const oldest of counts.keys()) {
      counts.delete(oldest)
      return
    }
  }
}
