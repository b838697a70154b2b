import type { CoreConfig } from '../config/index.ts'
import { isOutcomeUnknown, type Database, type Db, type TableName } from '../db/index.ts'
import {
  createOutbox,
  createTaskOutbox,
  createTransactionInbox,
  noTransactionInbox,
  type Outbox,
  type OutboxNotifier,
  type TaskOutbox,
  type TransactionInbox,
} from '../events/index.ts'
import {
  createTransactionAnswers,
  noTransactionAnswers,
  type TransactionAnswers,
} from '../idempotency/index.ts'
import type { Logger } from '../logging/index.ts'
import { createMailQueue, type MailQueue } from '../mail/index.ts'
import { createAfterCommit, type AfterCommit } from './after-commit.ts'
import { refuseStricter, runTransaction, type TransactionOptions } from './transaction.ts'

export interface StoreDeps {
  config: Pick<CoreConfig, 'payloadLimit'>
  database: Database
  /** Told after a commit that published events, so that the relay need not wait for its next poll. */
  outboxNotifier: OutboxNotifier
  log: Logger
}

/** Every table, on one connection or inside one transaction. A repository takes the part that its module owns. */
export type Tables = Pick<Db, TableName>

/** A module's repositories and the outbox, bound to one connection. */
export type Store<Repositories> = Repositories & {
  events: Outbox
  /** For work that must not be lost, and must not begin before the commit. What may be lost is cheaper with `core.tasks`. */
  tasks: TaskOutbox
  /** For a listener that must not write twice: marks its delivery as done with what it writes. In a transaction only. */
  inbox: TransactionInbox
  /** For a route that is idempotent: keeps its answer with what it writes. In a transaction only. */
  answers: TransactionAnswers
  /** For mails that must not be lost. A listener has no need of it: it is a job already, and sends at once. */
  mail: MailQueue
  /**
   * Runs `work` with a store whose every part belongs to one transaction: all of it happens, or nothing. Inside, the same call joins the
   * transaction. Throws what `work` throws, and a database error as an `AppError`.
   *
   * When PostgreSQL gives a transaction up for the sake of others (a deadlock, a serialization failure), `work` runs again from the start, up
   * to three times; so it should do nothing that a rollback does not undo. Whatever comes after goes into `afterCommit`.
   *
   * @example
   * await store.transaction(async (store) => {
   *   const stone = await store.stones.create(values)
   *   await store.events.publish(stoneCut, { stoneId: stone.id })
   *   store.afterCommit(() => cache.invalidateTags(['quarry.stones']), { evenIfUnknown: true })
   * })
   */
  transaction<T>(
    work: (store: Store<Repositories>) => Promise<T>,
    options?: TransactionOptions,
  ): Promise<T>
  /**
   * Runs after the commit, in the order of the calls; never after a rollback; at once outside a
   * transaction. The transaction waits for it. A failure is logged and changes nothing: what must
   * not be lost is an event. It does not run when nobody knows whether the commit happened, unless
   * it is `evenIfUnknown`; then it runs at once, and again when the commit can no longer happen.
   *
   * @example
   * store.afterCommit(() => cache.invalidateTags(['quarry.stones']), { evenIfUnknown: true })
   */
  afterCommit: AfterCommit['add']
}

/** Binds a module's repositories, once to the pool and again for every transaction. */
export function createStore<Repositories extends object>(
  { config, database, outboxNotifier, log }: StoreDeps,
  bind: (tables: Tables) => Repositories,
): Store<Repositories> {
  const tasks: TaskOutbox = {
    enqueue: (...args) => transaction((store) => store.tasks.enqueue(...args)),
  }
  return {
    ...bind(database.client),
    events: outboxThatNotifies(),
    tasks,
    inbox: noTransactionInbox,
    answers: noTransactionAnswers,
    mail: createMailQueue(tasks),
    transaction,
    afterCommit: (hook) => {
      const hooks = createAfterCommit(log)
      hooks.add(hook)
      void hooks.run()
    },
  }

  async function transaction<T>(
    work: (store: Store<Repositories>) => Promise<T>,
    options: TransactionOptions = {},
  ): Promise<T> {
    let committing: AfterCommit | undefined
    const { result, hooks } = await runTransaction(database, options, async (tx) => {
      committing = undefined
      const hooks = createAfterCommit(log)
      const events = createOutbox(tx, config)
      const tasks = createTaskOutbox(tx, config)
      let published = false
      const wakeAfterwards = () => {
        if (!published) hooks.add(outboxNotifier.wake, { evenIfUnknown: true })
        published = true
      }
      const tasksThatNotify: TaskOutbox = {
        enqueue: (...args) => {
          wakeAfterwards()
          return tasks.enqueue(...args)
        },
      }
      const store: Store<Repositories> = {
        ...bind(tx),
        events: {
          publish: (event, payload) => {
            wakeAfterwards()
            return events.publish(event, payload)
          },
        },
        tasks: tasksThatNotify,
        inbox: createTransactionInbox(tx),
        answers: createTransactionAnswers(tx),
        mail: createMailQueue(tasksThatNotify),
        transaction: (inner, wanted = {}) => {
          refuseStricter(wanted, options)
          return inner(store)
        },
        afterCommit: hooks.add,
      }
      const result = await work(store)
      committing = hooks
      return { result, hooks }
    }).catch(async (error: unknown) => {
      if (isOutcomeUnknown(error)) await committing?.runEvenIfUnknown()
      throw error
    })
    await hooks.run()
    return result
  }

  function outboxThatNotifies(): Outbox {
    const events = createOutbox(database.client, config)
    return {
      publish: async (event, payload) => {
        await events.publish(event, payload)
        outboxNotifier.wake()
      },
    }
  }
}
