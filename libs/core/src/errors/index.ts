export {
  AppError,
  defineError,
  type ErrorDefinition,
  type ErrorFactory,
  type ErrorKind,
  type ErrorOptions,
  type InputFault,
} from './app-error.ts'
export {
  databaseContention,
  databaseTimeout,
  databaseUnavailable,
  dependencyUnavailable,
  internalError,
  notFound,
  valueTaken,
} from './core.errors.ts'
export { isRetryable, statusOf } from './status.ts'
