import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { isUnavailable } from '../errors/index.ts'
import { createOutageLog, type Logger } from '../logging/index.ts'
import type { Metrics } from '../telemetry/index.ts'
import { longestLifeMs, longestLoadMs, type EntryStore, type Lookup } from './entry-store.ts'

export interface CacheOptions {
  /** For how long a value is right. Up to a tenth is taken off at random, so that what was stored together does not end together. */
  ttlMs: number
  /** For how much longer it may be answered while a new one is loaded in the background. Not at all, if absent. */
  staleMs?: number
  /** What it depends on: `<module>.<what>:<id>`. */
  tags?: readonly string[]
  /** For how long it is remembered that there is none (`null`): at most 5 s of `ttlMs`, if absent; 0 for not at all. */
  negativeTtlMs?: number
}

/**
 * Values of one kind, stored as JSON. The schema of the space is the allow-list of what is stored, and of what comes out: a stored value that
 * does not fit is loaded again.
 */
export interface CacheSpace<Value> {
  /** `undefined` if there is none, `null` if it is remembered that there is none. A stale one counts. */
  get(key: string): Promise<Value | null | undefined>
  /** Also keeps what is being loaded at this moment from being stored. */
  set(key: string, value: Value | null, options: CacheOptions): Promise<void>
  /** Also keeps what is being loaded at this moment from being stored. */
  delete(key: string): Promise<void>
  /**
   * The value, or what `load` returns, which is then kept. Of all processes one loads; the others wait for it, for 2 s at most. What `load` throws
   * is thrown to all who wait in this process, and not kept.
   */
  wrap<Loaded extends Value | null>(
    key: string,
    options: CacheOptions,
    load: () => Promise<Loaded> | Loaded,
  ): Promise<Value | Extract<Loaded, null>>
}

export interface SpaceDeps<Value> {
  name: string
  /** From JSON to the value, and back: `z.coerce.date()` where it holds a date. */
  schema: z.ZodType<Value>
  version: number | string
  entries: EntryStore
  /** What is being loaded in this process. */
  flights: Map<string, Promise<unknown>>
  refreshes: Set<Promise<void>>
  log: Logger
  metrics: Pick<Metrics, 'cacheLookups'>
}

type Load<Value> = () => Promise<Value | null> | Value | null

interface Flight<Value> {
  value: Value | null
  /** Whether it was invalidated while it was loaded. */
  outdated: boolean
}

const waitMs = 2_000
const defaultNegativeMs = 5_000
const largestValue = 256 * 1024

export function createSpace<Value>(deps: SpaceDeps<Value>): CacheSpace<Value> {
  const { name, schema, version, entries, flights, refreshes, log, metrics } = deps
  const outage = createOutageLog(log.child({ space: name }), 'refreshing the cache')
  return { get, set, delete: remove, wrap }

  async function get(key: string): Promise<Value | null | undefined> {
    const lookup = await entries.find(entryName(key), [], false)
    const value = lookup && decode(lookup)
    count(lookup && value === undefined ? 'miss' : lookup?.state)
    return value
  }

  async function set(key: string, value: Value | null, options: CacheOptions): Promise<void> {
    check(options)
    flights.delete(entryName(key))
    const lookup = await entries.find(entryName(key), options.tags ?? [], false)
    const outcome = lookup && (await keep(key, encode(value), options, lookup, true))
    // The one before is wrong, whatever kept the new one out.
    if (outcome !== 'stored') await remove(key)
  }

  async function remove(key: string): Promise<void> {
    flights.delete(entryName(key))
    await entries.invalidate([], [entryName(key)])
  }

  async function wrap<Loaded extends Value | null>(
    key: string,
    options: CacheOptions,
    load: () => Promise<Loaded> | Loaded,
  ): Promise<Value | Extract<Loaded, null>> {
    check(options)
    const joined = await (flights.get(entryName(key)) as Promise<Flight<Value>> | undefined)
    if (joined && !joined.outdated) return joined.value as Value
    // A flight that began after this call was made is new enough, outdated or not.
    const flight = flights.get(entryName(key)) ?? takeOff(key, options, load)
    return ((await flight) as Flight<Value>).value as Value
  }

  function takeOff(key: string, options: CacheOptions, load: Load<Value>): Promise<Flight<Value>> {
    const flight = fly(key, options, load).finally(() => {
      if (flights.get(entryName(key)) === flight) flights.delete(entryName(key))
    })
    flights.set(entryName(key), flight)
    return flight
  }

  async function fly(
    key: string,
    options: CacheOptions,
    load: Load<Value>,
  ): Promise<Flight<Value>> {
    const tags = options.tags ?? []
    const deadline = performance.now() + waitMs
    for (let pauseMs = 10; ; pauseMs = Math.min(2 * pauseMs, 100)) {
      const lookup = await entries.find(entryName(key), tags, true)
      if (!lookup) {
        count(undefined)
        return { value: pass(encode(await load())), outdated: false }
      }
      const value = decode(lookup)
      if (value !== undefined) {
        count(lookup.state)
        if (lookup.token) refresh(key, options, load, lookup)
        return { value, outdated: false }
      }
      // Nobody else loads, or whoever does takes too long.
      if (lookup.token || lookup.state !== 'miss' || performance.now() > deadline) {
        count('miss')
        return loadAndKeep(key, options, load, lookup)
      }
      await sleep(pauseMs)
    }
  }

  async function loadAndKeep(
    key: string,
    options: CacheOptions,
    load: Load<Value>,
    lookup: Lookup,
  ): Promise<Flight<Value>> {
    const began = performance.now()
    try {
      const json = encode(await load())
      const tooLate = performance.now() - began > longestLoadMs
      const outcome = tooLate ? 'outdated' : await keep(key, json, options, lookup)
      return { value: pass(json), outdated: outcome === 'outdated' }
    } catch (error) {
      await entries.release(entryName(key), lookup)
      throw error
    }
  }

  /** The caller has the stale value already. */
  function refresh(key: string, options: CacheOptions, load: Load<Value>, lookup: Lookup): void {
    const running = loadAndKeep(key, options, load, lookup)
      .then(outage.recovered, (error: unknown) => {
        if (isUnavailable(error)) outage.failed(error)
        else log.warn({ err: error, space: name }, 'a refresh of the cache failed')
      })
      .then(() => void refreshes.delete(running))
    refreshes.add(running)
  }

  async function keep(
    key: string,
    json: string,
    { ttlMs, staleMs = 0, tags = [], negativeTtlMs }: CacheOptions,
    lookup: Lookup,
    supersedes = false,
  ): Promise<'stored' | 'outdated' | 'failed'> {
    const freshMs = Math.round(
      (json === 'null' ? (negativeTtlMs ?? Math.min(ttlMs, defaultNegativeMs)) : ttlMs) *
        (1 - Math.random() / 10),
    )
    if (freshMs < 1 || json.length > largestValue) {
      await entries.release(entryName(key), lookup)
      return 'failed'
    }
    const keptMs = freshMs + (json === 'null' ? 0 : staleMs)
    return entries.put(entryName(key), tags, lookup, json, { freshMs, keptMs, supersedes })
  }

  function encode(value: Value | null): string {
    return JSON.stringify(value === null ? null : z.encode(schema, value))
  }

  /** A loaded value goes the same way as a stored one, so that nobody sees a difference. */
  function pass(json: string): Value | null {
    return json === 'null' ? null : schema.parse(JSON.parse(json))
  }

  /** What another version of the code has stored, or nobody, is undefined. */
  function decode({ state, value }: Lookup): Value | null | undefined {
    if (state === 'miss') return undefined
    const stored: unknown = JSON.parse(value)
    if (stored === null) return null
    const parsed = schema.safeParse(stored)
    return parsed.success ? parsed.data : undefined
  }

  function count(outcome: Lookup['state'] | undefined): void {
    metrics.cacheLookups.inc({ space: name, outcome: outcome ?? 'error' })
  }

  function entryName(key: string): string {
    return `${name}@${version}:${key}`
  }
}

function check({ ttlMs, staleMs = 0 }: CacheOptions): void {
  if (!(ttlMs >= 1) || !(staleMs >= 0) || ttlMs + staleMs > longestLifeMs)
    throw new RangeError('ttlMs must be at least 1, and ttlMs + staleMs at most seven days')
}
