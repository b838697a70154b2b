export {
  AppError,
  defineError,
  type ErrorDefinition,
  type ErrorFactory,
  type ErrorKind,
  type ErrorOptions,
  type InputFault,
} from './app-error.ts'
export { certificateFault } from './certificate-fault.ts'
export {
  databaseContention,
  databaseTimeout,
  databaseUnavailable,
  dependencyUnavailable,
  internalError,
  jobDead,
  jobRefused,
  jobUnfinished,
  jobUnknown,
  notFound,
  referenceBroken,
  valueRefused,
  valueTaken,
} from './core.errors.ts'
export { isRetryable, isUnavailable, statusOf } from './status.ts'
