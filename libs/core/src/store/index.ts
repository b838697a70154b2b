export { createStore, type Store, type StoreDeps, type Tables } from './store.ts'
export { type TransactionOptions } from './transaction.ts'
