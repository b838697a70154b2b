export { redactText } from './clean-line.ts'
export { createLogger, type Logger, type LoggerDeps } from './logger.ts'
export { isSecretName, mask, redact } from './redact.ts'
export { requestContext, type RequestContext } from './request-context.ts'
