export { createLifecycle, type Component, type Lifecycle, type LifecycleDeps } from './lifecycle.ts'
export { runProcess } from './run-process.ts'
