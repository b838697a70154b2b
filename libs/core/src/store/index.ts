export { createStore, type Store, type StoreDeps, type Tables } from './store.ts'
