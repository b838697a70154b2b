export { nameAddition } from './first-start.ts'
export { JobNotStarted, type JobRun, type WorkedQueue } from './job-attempt.ts'
export { createJobWorkers, type JobWorkersDeps } from './job-workers.ts'
export {
  assertOwnNames,
  assertQualifiedName,
  eventQueue,
  leftQueuesOf,
  moduleOf,
  queuesOf,
  taskQueuesOf,
} from './names.ts'
export { checkPayload, readPayload } from './payload.ts'
export { createQueues, type Queues, type QueuesDeps } from './queues.ts'
export { workerBackoff, type RetryPolicy } from './retry.ts'
export {
  defineTask,
  handle,
  type HandleOptions,
  type TaskDefinition,
  type TaskHandler,
  type TaskLimits,
  type TaskOptions,
  type TaskRun,
} from './task.ts'
export { type Schedule } from './schedule.ts'
export { createSteps, type Steps } from './steps.ts'
export { type TaskJob, type TaskJobState } from './task-job.ts'
export { toBullOptions, type JobOptions } from './task-options.ts'
export { createDeadJobs, type DeadJob, type DeadJobs } from './dead-jobs.ts'
export { listSchedules } from './list-schedules.ts'
export { createTaskQueue, type EnqueueOptions, type TaskQueue } from './task-queue.ts'
export {
  createTaskWorkers,
  type Delivery,
  type DeliveryRecord,
  type TaskWorkersDeps,
} from './task-workers.ts'
export { type WaitOptions } from './wait-until-ended.ts'
export { createScheduler, type SchedulerDeps } from './scheduler.ts'
export { createQueueGauges, type QueueGaugesDeps } from './queue-gauges.ts'
