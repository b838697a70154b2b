export {
  createIdempotencyKeys,
  type IdempotencyKeys,
  type KeyedRequest,
} from './idempotency-keys.ts'
export { createOnce, notOnce, type HeldKey, type KeptAnswer, type Once } from './once.ts'
export { purgeIdempotencyKeysTask } from './purge-idempotency-keys.task.ts'
export {
  createTransactionAnswers,
  noTransactionAnswers,
  type TransactionAnswers,
} from './transaction-answers.ts'
