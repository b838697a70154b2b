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
  help: 'Repeat the request after the time that Retry-After gives. If the problem has "outcome": "unknown", a change may have happened: repeat it with the same Idempotency-Key, or look first.',
})

export const databaseTimeout = defineError({
  kind: 'unavailable',
  code: 'database.timeout',
  title: 'Database timeout',
  detail: 'The database took too long to answer.',
  help: 'Repeat the request after the time that Retry-After gives; narrow it if it is a large list. If the problem has "outcome": "unknown", a change may have happened: repeat it with the same Idempotency-Key, or look first.',
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

export const referenceBroken = defineError({
  kind: 'conflict',
  code: 'request.reference_broken',
  title: 'Reference broken',
  detail: 'Something refers to what is not there, or is still referred to.',
  help: 'Check that what the request names still exists, and that nothing needs what it removes.',
})

export const valueRefused = defineError({
  kind: 'invalid',
  code: 'request.value_refused',
  title: 'Value refused',
  detail: 'A value is too long, out of range, or not of the form that is stored.',
  help: 'Check each value against the API document at /docs.',
})

export const notFound = defineError({
  kind: 'not_found',
  code: 'request.not_found',
  title: 'Not found',
  detail: 'There is nothing at this address.',
  help: 'Check the path against the API document at /docs.',
})

export const jobDead = defineError({
  kind: 'internal',
  code: 'job.dead',
  title: 'Job failed',
  detail: 'The job failed for good.',
  help: 'Look for the job and its reason among the dead jobs.',
})

export const jobUnknown = defineError({
  kind: 'not_found',
  code: 'job.unknown',
  title: 'Job unknown',
  detail: 'There is no such job.',
  help: 'A job that has completed is known for a day at most.',
})

export const jobRefused = defineError({
  kind: 'conflict',
  code: 'job.refused',
  title: 'Change refused',
  detail: 'The job, or its queue, is not in a state that allows this.',
  help: 'Look at the state of the job and of its queue.',
})

export const jobUnfinished = defineError({
  kind: 'unavailable',
  code: 'job.unfinished',
  title: 'Job not finished',
  detail: 'The job has not ended yet.',
  help: 'It goes on. Ask again later.',
})
