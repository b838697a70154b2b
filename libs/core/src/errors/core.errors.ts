import { defineError } from './app-error.ts'

export const internalError = defineError({
  kind: 'internal',
  code: 'internal.unexpected',
  title: 'Unexpected error',
  detail: 'Something went wrong on our side.',
  help: 'Try again. If it happens again, report the requestId.',
})

export const dependencyUnavailable = defineError({
  kind: 'unavailable',
  code: 'service.unavailable',
  title: 'Temporarily unavailable',
  detail: 'The service cannot answer right now.',
  help: 'Repeat the request after the time that Retry-After gives.',
})

export const databaseUnavailable = defineError({
  kind: 'unavailable',
  code: 'database.unavailable',
  title: 'Database unavailable',
  detail: 'The database cannot be reached right now.',
  help: 'Repeat the request after the time that Retry-After gives.',
})

export const databaseTimeout = defineError({
  kind: 'unavailable',
  code: 'database.timeout',
  title: 'Database timeout',
  detail: 'The database took too long to answer.',
  help: 'Repeat the request after the time that Retry-After gives; narrow it if it is a large list.',
})

export const databaseContention = defineError({
  kind: 'unavailable',
  code: 'database.contention',
  title: 'Too many changes at once',
  detail: 'Others changed the same rows at the same time, again and again.',
  help: 'Repeat the request after the time that Retry-After gives.',
})

export const valueTaken = defineError({
  kind: 'conflict',
  code: 'request.value_taken',
  title: 'Value taken',
  detail: 'A unique value is taken already.',
  help: 'Send another value.',
})

export const notFound = defineError({
  kind: 'not_found',
  code: 'request.not_found',
  title: 'Not found',
  detail: 'There is nothing at this address.',
  help: 'Check the path against the API document at /docs.',
})
