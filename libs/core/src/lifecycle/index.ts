export { createLifecycle, type Component, type Lifecycle, type LifecycleDeps } from './lifecycle.ts'
export {
  explainListenFault,
  ListenError,
  type HostVariable,
  type PortVariable,
} from './listen-fault.ts'
export { describePortHolder, findPortHolder } from './port-holder.ts'
export { runProcess } from './run-process.ts'
