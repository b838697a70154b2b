export { measureCpu } from './measure-cpu.ts'
export { cloneTestDatabase, createTemplateDatabase, type TestDatabase } from './database.ts'
export { eventually } from './eventually.ts'
export { holdTransaction, type HeldTransaction } from './hold-transaction.ts'
export { createTestClock, type TestClock } from './test-clock.ts'
export {
  createTestCore,
  serveModules,
  type TestCore,
  type TestCoreOptions,
  type TestServer,
} from './test-core.ts'
export { startOtlpReceiver, type OtlpReceiver, type ReceivedSpan } from './otlp-receiver.ts'
export { startSmtpServer, type ReceivedMail, type TestSmtpServer } from './smtp-server.ts'
export { slowDownCommits, type SlowCommits } from './slow-commits.ts'
export { sortsWithoutIndex, type SortsWithoutIndexDeps } from './sorts-without-index.ts'
export { startWorker, type TestWorker } from './test-worker.ts'
export { startTcpProxy, type TcpProxy } from './tcp-proxy.ts'
export { watchDeletes } from './watch-deletes.ts'
