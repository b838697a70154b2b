export { JobNotStarted, type JobRun, type WorkedQueue } from './job-attempt.ts'
export { createJobWorkers, type JobWorkersDeps } from './job-workers.ts'
export { assertOwnNames, assertQualifiedName, eventQueue, moduleOf, taskQueue } from './names.ts'
export { checkPayload, readPayload } from './payload.ts'
export { createQueues, type Queues, type QueuesDeps } from './queues.ts'
export { workerBackoff, type RetryPolicy } from './retry.ts'
export {
  defineTask,
  handle,
  type HandleOptions,
  type Schedule,
  type TaskDefinition,
  type TaskHandler,
  type TaskOptions,
  type TaskRun,
} from './task.ts'
export { createTaskQueue, type EnqueueOptions, type TaskQueue } from './task-queue.ts'
export { createTaskWorkers, type TaskWorkersDeps } from './task-workers.ts'
export { createScheduler, type SchedulerDeps } from './scheduler.ts'
export { createQueueGauges, type QueueGaugesDeps } from './queue-gauges.ts'
