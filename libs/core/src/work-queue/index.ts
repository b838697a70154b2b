export { createWorkQueue, type WorkQueueOptions } from './work-queue.ts'
