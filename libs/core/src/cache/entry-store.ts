import { createHash, randomUUID } from 'node:crypto'
import { createBreaker, createScript, type RedisConnection } from '../redis/index.ts'
import { createOwedInvalidations, type Invalidations } from './owed-invalidations.ts'
import { read, store } from './scripts.ts'

export interface EntryStoreDeps {
  redis: RedisConnection
  /** Where every key begins. */
  prefix: string
  failed(error: unknown): void
  recovered(): void
}

/** What Redis knows of one entry, and what is needed to store another one in its place. */
export interface Lookup {
  state: 'hit' | 'stale' | 'miss'
  value: string
  /** Given back by `store`; '' where somebody else has the lock or none was asked for. */
  token: string
  versions: readonly string[]
}

export interface Storing {
  freshMs: number
  keptMs: number
  /** What is being loaded at this moment is older, and not stored. */
  supersedes: boolean
}

/** A loader that runs for longer finds another process loading as well. */
const lockMs = 10_000

/** No entry lives longer, so that the version of a tag outlives every entry that names it. */
export const longestLifeMs = 7 * 24 * 3_600_000

/** A load that took longer is not stored: the mark of a deletion is gone after twice this time. */
export const longestLoadMs = 60_000
const guardMs = 2 * longestLoadMs

/** How often what is owed is tried again while nobody asks anything: a process that only invalidates may be quiet for hours. */
const settleEveryMs = 1_000

export type EntryStore = ReturnType<typeof createEntryStore>

/** Entries in Redis. Every call ends soon and none throws: `undefined` and `false` mean that Redis did not do it. */
export function createEntryStore({ redis, prefix, failed, recovered }: EntryStoreDeps) {
  const breaker = createBreaker(redis)
  const readEntry = createScript(redis.client, read)
  const storeEntry = createScript(redis.client, store)
  const epoch = `${prefix}epoch`
  const owed = createOwedInvalidations()
  let timer: NodeJS.Timeout | undefined
  let settling: Promise<void> | undefined
  let stopped = false
  redis.client.on('ready', settleNow)
  return { find, put, release, invalidate, stop }

  async function find(
    key: string,
    tags: readonly string[],
    lock: boolean,
  ): Promise<Lookup | undefined> {
    const token = randomUUID()
    const values = [token, lock ? lockMs : 0, randomUUID()]
    const found = await ask(() => readEntry(keysOf(key, tags), values))
    if (!found) return undefined
    const [state, value, locked, versions] = found as [Lookup['state'], string, number, string[]]
    return { state, value, token: locked === 1 ? token : '', versions }
  }

  /** `outdated`: it was invalidated after `lookup`, and not stored. */
  async function put(
    key: string,
    tags: readonly string[],
    lookup: Lookup,
    value: string,
    { freshMs, keptMs, supersedes }: Storing,
  ): Promise<'stored' | 'outdated' | 'failed'> {
    const keys = keysOf(key, tags)
    const dependsOn = JSON.stringify(keys.slice(3))
    const values = [lookup.token, value, freshMs, keptMs, dependsOn]
    const guard = [supersedes ? randomUUID() : '', guardMs]
    const stored = await ask(() => storeEntry(keys, [...values, ...guard, ...lookup.versions]))
    if (stored === undefined) return 'failed'
    return stored === 1 ? 'stored' : 'outdated'
  }

  async function release(key: string, { token }: Lookup): Promise<void> {
    if (token) await ask(() => storeEntry(keysOf(key, []), [token, '']))
  }

  /** Entries that have one of these tags, and these entries. Carried out later where Redis is away. */
  async function invalidate(tags: readonly string[], keys: readonly string[]): Promise<void> {
    owed.add(tags, keys)
    await ask(async () => true)
  }

  /** What could not be invalidated comes before everything else, so that Redis does not come back with what was outdated. */
  async function ask<T>(question: () => Promise<T>): Promise<T | undefined> {
    try {
      const answer = await breaker.run(async () => {
        await owed.settle(carryOut)
        return question()
      })
      recovered()
      return answer
    } catch (error) {
      failed(error)
      settleLater()
      return undefined
    }
  }

  function settleLater(): void {
    if (owed.isEmpty() || stopped) return
    timer ??= setTimeout(() => {
      timer = undefined
      settleNow()
    }, settleEveryMs).unref()
  }

  function settleNow(): void {
    if (!owed.isEmpty()) settling = settle()
  }

  /** Without the breaker: nobody waits for it. */
  async function settle(): Promise<void> {
    try {
      await owed.settle(carryOut)
      recovered()
    } catch (error) {
      failed(error)
      settleLater()
    }
  }

  /** A last attempt, which ends with the time limit of a command. True if nothing is owed any more. */
  async function stop(): Promise<boolean> {
    stopped = true
    clearTimeout(timer)
    redis.client.off('ready', settleNow)
    await settling
    if (!owed.isEmpty()) await settle()
    return owed.isEmpty()
  }

  async function carryOut({ tags, keys, everything }: Invalidations): Promise<void> {
    const batch = redis.client.multi()
    const version = randomUUID()
    if (everything) batch.set(epoch, version)
    for (const tag of tags) batch.set(tagKey(tag), version, 'PX', longestLifeMs)
    for (const key of keys) {
      batch.del(entryKey(key))
      batch.set(guardKey(key), version, 'PX', guardMs)
    }
    const results = await batch.exec()
    const [error] = results?.find(([error]) => error) ?? []
    if (error) throw error
  }

  function keysOf(key: string, tags: readonly string[]): string[] {
    return [entryKey(key), `${prefix}lock:${short(key)}`, guardKey(key), epoch, ...tags.map(tagKey)]
  }

  function entryKey(key: string): string {
    return `${prefix}entry:${short(key)}`
  }

  function guardKey(key: string): string {
    return `${prefix}guard:${short(key)}`
  }

  function tagKey(tag: string): string {
    return `${prefix}tag:${short(tag)}`
  }
}

/** Long names take memory in Redis for each entry. */
const short = (name: string): string =>
  name.length <= 200 ? name : createHash('sha256').update(name).digest('base64url')
