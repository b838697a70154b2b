import { AsyncLocalStorage } from 'node:async_hooks'
import type { Client, ClientConfig, PoolClient, PoolConfig } from 'pg'
import { whileOpened } from './opening-error.ts'
import { UtcClient, UtcPool } from './utc-client.ts'

export type Connected = (
  error: Error | undefined,
  client: PoolClient | undefined,
  release: (error?: Error | boolean) => void,
) => void

export interface PatientPoolConfig extends Omit<PoolConfig, 'Client' | 'connectionTimeoutMillis'> {
  /** Milliseconds that a caller waits for a connection; 1 000 if absent. */
  waitMs?: number
  /** Milliseconds that TCP, TLS and log-in of a new connection may take; 10 000 if absent. */
  openMs?: number
  /**
   * Milliseconds after which a connection is closed as soon as nobody uses it, up to a quarter less
   * for each, so that those opened together do not end together; half an hour if absent. A new one
   * leads to where the name of the server leads now.
   */
  maxAgeMs?: number
  /** Called for each connection that a caller needed and that could not be opened. */
  onRefused?: (error: Error) => void
}

interface Waiter {
  connected: Connected
  timer: NodeJS.Timeout
}

/**
 * A pool with two limits where `pg` has one: how long a caller waits, and how long a connection may
 * take to open. `pg` closes a connection that opens after its caller gave up, so a pool on a slow
 * machine never fills. Here a late connection serves the next caller, and a caller gets whichever
 * connection is free first.
 */
export class PatientPool extends UtcPool {
  /** In the order of the calls. */
  readonly #waiting = new Set<Waiter>()
  readonly #opening: Set<Client>
  readonly #waitMs: number
  readonly #onRefused: (error: Error) => void
  /** Connections that were requested of `pg` and have not come. */
  #requested = 0

  constructor({
    waitMs = 1_000,
    openMs = 10_000,
    maxAgeMs = 1_800_000,
    onRefused = () => undefined,
    ...config
  }: PatientPoolConfig) {
    const opening = new Set<Client>()
    super({ ...config, Client: clientOf(openMs, opening) })
    this.#opening = opening
    this.#waitMs = waitMs
    this.#onRefused = onRefused
    // `pg` reads it for each connection that it opens.
    Object.defineProperty(this.options, 'maxLifetimeSeconds', {
      get: () => (maxAgeMs * (1 - Math.random() / 4)) / 1_000,
    })
    // The callers that wait are in a queue of this class; that of `pg` has at most `max` entries.
    Object.defineProperty(this, 'waitingCount', { get: () => this.#waiting.size })
    // The event comes before the connection is idle.
    this.on('release', () => {
      if (this.#waiting.size > 0) process.nextTick(() => this.#request())
    })
  }

  /** Opens so many connections ahead of the first caller. Throws if not even one is there. */
  async open(count: number): Promise<void> {
    const opened = await Promise.allSettled(Array.from({ length: count }, () => this.#openOne()))
    const failures = opened.filter((each) => each.status === 'rejected')
    if (failures.length === count) throw failures[0]?.reason
  }

  override connect(): Promise<PoolClient>
  override connect(connected: Connected): void
  override connect(connected?: Connected): Promise<PoolClient> | void {
    if (connected) return this.#wait(connected)
    return new Promise((resolve, reject) =>
      this.#wait((error, client) =>
        client ? resolve(client) : reject(error ?? new Error('no connection')),
      ),
    )
  }

  /** Connections that are still being opened are cut: a frozen server would hold up the stop. */
  override end(): Promise<void>
  override end(ended: () => void): void
  override end(ended?: () => void): Promise<void> | void {
    for (const waiter of this.#waiting) this.#giveUp(waiter)
    for (const client of this.#opening) client.connection.stream.destroy()
    return ended ? super.end(ended) : super.end()
  }

  async #openOne(): Promise<void> {
    this.#requested += 1
    try {
      const client = await super.connect()
      client.release()
    } finally {
      this.#requested -= 1
      // A caller that came meanwhile counted on this connection.
      this.#request()
    }
  }

  #wait(connected: Connected): void {
    // Then `pg` refuses in its own words.
    if (this.ending) return super.connect(connected)
    const waiter: Waiter = {
      // A caller is served when another one is done, and must not continue in its context.
      connected: AsyncLocalStorage.bind(connected),
      // After an event loop that was held up, timers come before sockets: the connection that the
      // caller waits for may have been free for long.
      timer: setTimeout(() => setImmediate(() => this.#giveUp(waiter)), this.#waitMs),
    }
    this.#waiting.add(waiter)
    this.#request()
  }

  /**
   * For each caller that waits, up to `max`, and one more for each idle connection: `pg` ties a
   * request to the connection that it opens for it, and leaves one that comes back meanwhile.
   */
  #request(): void {
    const mostUseful = Math.min(this.#waiting.size, this.options.max)
    while (this.#requested < mostUseful || this.#isLeftIdle()) this.#requestOne()
  }

  #isLeftIdle(): boolean {
    const queued = this.#requested - this.#opening.size
    return queued < this.idleCount && queued < this.#waiting.size
  }

  #requestOne(): void {
    this.#requested += 1
    super.connect((error, client, release: (error?: Error | boolean) => void) => {
      this.#requested -= 1
      this.#serve(error && whileOpened(error), client, release)
      this.#request()
    })
  }

  #serve(...[error, client, release]: Parameters<Connected>): void {
    if (error && !this.ending) this.#onRefused(error)
    const [waiter] = this.#waiting
    if (!waiter) return release()
    this.#waiting.delete(waiter)
    clearTimeout(waiter.timer)
    waiter.connected(error, client, release)
  }

  #giveUp(waiter: Waiter): void {
    if (!this.#waiting.delete(waiter)) return
    clearTimeout(waiter.timer)
    waiter.connected(new Error('timeout exceeded when trying to connect'), undefined, () => {})
  }
}

type Opened = (...outcome: [error: Error] | [error: null, client: Client]) => void

/** A client of `pg` that knows its own limit; that of the pool would count the wait as well. */
const clientOf = (openMs: number, opening: Set<Client>) =>
  class extends UtcClient {
    constructor(config?: ClientConfig) {
      super({ ...config, connectionTimeoutMillis: openMs })
    }

    override connect(): Promise<Client>
    override connect(opened: Opened): void
    override connect(opened?: Opened): Promise<Client> | void {
      if (!opened) return super.connect()
      opening.add(this)
      super.connect((...outcome: Parameters<Opened>) => {
        opening.delete(this)
        opened(...outcome)
      })
    }
  }
