import { databaseTimeout } from '../errors/index.ts'

export interface ListShareOptions {
  /** How many connections the pool has. */
  poolSize: number
  /**
   * How long a read waits for its turn, in milliseconds. As long as the pool lets others wait for a
   * connection.
   */
  waitMs?: number
}

interface Waiting {
  list: string
  begin(): void
}

/**
 * Limits the reads of lists to a part of the pool, because each may take as long as a statement
 * may: half of the pool for one list, three quarters for all lists. A read beyond waits for its
 * turn, without a connection, and then fails with a 503.
 */
export function createListShare({ poolSize, waitMs = 1_000 }: ListShareOptions) {
  const mostOfOne = Math.max(1, Math.floor(poolSize / 2))
  const mostOfAll = Math.max(1, Math.floor((poolSize * 3) / 4))
  const running = new Map<string, number>()
  const waiting: Waiting[] = []
  let total = 0
  return { run }

  async function run<T>(list: string, read: () => Promise<T>): Promise<T> {
    if (hasRoom(list)) take(list)
    else await turn(list)
    try {
      return await read()
    } finally {
      giveBack(list)
    }
  }

  function hasRoom(list: string): boolean {
    return total < mostOfAll && (running.get(list) ?? 0) < mostOfOne
  }

  function take(list: string): void {
    total += 1
    running.set(list, (running.get(list) ?? 0) + 1)
  }

  /** Resolves with the place taken, so that a read that comes now does not take it first. */
  function turn(list: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(giveUp, waitMs)
      const each = { list, begin }
      waiting.push(each)

      function begin() {
        clearTimeout(timer)
        resolve()
      }

      function giveUp() {
        waiting.splice(waiting.indexOf(each), 1)
        reject(databaseTimeout({ detail: tooMany, retryAfterSeconds: 1 }))
      }
    })
  }

  function giveBack(list: string): void {
    total -= 1
    const left = (running.get(list) ?? 0) - 1
    if (left > 0) running.set(list, left)
    else running.delete(list)
    const next = waiting.findIndex((each) => hasRoom(each.list))
    const [first] = next === -1 ? [] : waiting.splice(next, 1)
    if (!first) return
    take(first.list)
    first.begin()
  }
}

const tooMany = 'Too many slow pages of lists are being read right now.'
