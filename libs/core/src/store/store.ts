import { toDatabaseError, type Database, type Db, type TableName } from '../db/index.ts'
import { createOutbox, type Outbox, type OutboxNotifier } from '../events/index.ts'

export interface StoreDeps {
  database: Database
  /** Told after a commit that published events, so that the relay need not wait for its next poll. */
  outboxNotifier: OutboxNotifier
}

/** Every table, on one connection or inside one transaction. A repository takes the part that its module owns. */
export type Tables = Pick<Db, TableName>

/** A module's repositories and the outbox, bound to one connection. */
export type Store<Repositories> = Repositories & {
  events: Outbox
  /**
   * Runs `work` with a store whose every part belongs to one transaction: all of it happens, or nothing. Inside, the same call joins the
   * transaction. Throws what `work` throws, and a database error as an `AppError`.
   *
   * @example
   * await store.transaction(async (store) => {
   *   const user = await store.users.create(values)
   *   await store.events.publish(userRegistered, { userId: user.id })
   * })
   */
  transaction<T>(work: (store: Store<Repositories>) => Promise<T>): Promise<T>
}

/** How long a transaction may wait for a connection, and how long it may take, in milliseconds. */
const limits = { maxWait: 1_500, timeout: 10_000 }

/** Binds a module's repositories, once to the pool and again for every transaction. */
export function createStore<Repositories extends object>(
  { database, outboxNotifier }: StoreDeps,
  bind: (tables: Tables) => Repositories,
): Store<Repositories> {
  return {
    ...bind(database.client),
    events: outboxThatNotifies(),
    transaction,
  }

  async function transaction<T>(work: (store: Store<Repositories>) => Promise<T>): Promise<T> {
    let published = false
    let failure: { error: unknown } | undefined
    const result = await database.client
      .$transaction((tx) => {
        const events = createOutbox(tx)
        const store: Store<Repositories> = {
          ...bind(tx),
          events: {
            publish: (event, payload) => {
              published = true
              return events.publish(event, payload)
            },
          },
          transaction: (inner) => inner(store),
        }
        return work(store).catch((error: unknown) => {
          failure = { error }
          throw error
        })
      }, limits)
      .catch((error: unknown) => {
        // What `work` threw is not ours to read: a refused connection to another service is no news of the database.
        throw failure?.error === error ? error : toDatabaseError(error)
      })
    if (published) outboxNotifier.wake()
    return result
  }

  function outboxThatNotifies(): Outbox {
    const events = createOutbox(database.client)
    return {
      publish: async (event, payload) => {
        await events.publish(event, payload)
        outboxNotifier.wake()
      },
    }
  }
}
