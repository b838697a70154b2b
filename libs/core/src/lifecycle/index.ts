export { createLifecycle, type Component, type Lifecycle, type LifecycleDeps } from './lifecycle.ts'
export { explainTakenPort, PortTakenError, type PortVariable } from './port-taken.ts'
export { describePortHolder, findPortHolder } from './port-holder.ts'
export { runProcess } from './run-process.ts'
