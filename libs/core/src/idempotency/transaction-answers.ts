import type { Db } from '../db/index.ts'
import type { Once, WriteAnswer } from './once.ts'

/** Answers of idempotent routes, in the transaction of what they tell. */
export interface TransactionAnswers {
  /**
   * Keeps what the route will answer for a repeat with the same `Idempotency-Key`: both are there after the commit, or neither, whatever dies or is cut in
   * between. Does nothing for a request without a key. Throws 409 `request.idempotency_in_flight` if the request took over a minute and another
   * one has claimed its key; then the transaction must fail, so that the work is not done twice.
   *
   * @example
   * const create = (values: NewStone, once: Once<StoneRow>) =>
   *   store.transaction(async (store) => {
   *     const stone = await store.stones.create(values)
   *     await store.answers.keep(once, stone)
   *     return stone
   *   })
   */
  keep<Result>(once: Once<Result>, result: Result): Promise<void>
}

/** What it needs of a transaction. */
export type AnswerTransaction = Pick<Db, '$executeRaw'>

export function createTransactionAnswers(tx: AnswerTransaction): TransactionAnswers {
  return { keep: (once, result) => once.keep(result, writeAnswer(tx)) }
}

/** Outside a transaction there is nothing that it could be kept with. */
export const noTransactionAnswers: TransactionAnswers = {
  keep: () => Promise.reject(new TypeError('An answer is kept in a transaction only.')),
}

/** A transaction that runs again writes again; the lease alone tells whose key it is. */
const writeAnswer =
  (db: AnswerTransaction): WriteAnswer =>
  async ({ hash, lease }, { status, headers, body }) =>
    (await db.$executeRaw`
      UPDATE idempotency_key
      SET status = ${status}, headers = ${JSON.stringify(headers)}::jsonb, body = ${body ?? null}
      WHERE hash = ${hash} AND lease = ${lease}::uuid`) === 1
