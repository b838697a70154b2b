import { defineError } from '../errors/index.ts'
import { rateLimited } from '../rate-limit/index.ts'

export const malformedRequest = defineError({
  kind: 'malformed',
  code: 'request.malformed',
  title: 'Malformed request',
  detail: 'The request breaks the rules of HTTP.',
  help: 'Send one Host header, one way to tell the length of the body, and CRLF line ends.',
})

export const malformedText = defineError({
  kind: 'malformed',
  code: 'request.malformed_text',
  title: 'Malformed text',
  detail: 'The path, the query or the body is not valid UTF-8 or not validly percent-encoded.',
  help: 'Encode text as UTF-8, and percent-encode what stands in an address or a form.',
})

export const malformedCoding = defineError({
  kind: 'malformed',
  code: 'request.malformed_coding',
  title: 'Malformed coding',
  detail: 'The body is not what its Content-Encoding says, or ends too early.',
  help: 'Compress the whole body as Content-Encoding names it, or send it plain.',
})

export const malformedJson = defineError({
  kind: 'malformed',
  code: 'request.malformed_json',
  title: 'Malformed JSON',
  detail: 'The body is not valid JSON.',
  help: 'Check quotes, commas and brackets of the body.',
})

export const duplicateKey = defineError({
  kind: 'malformed',
  code: 'request.duplicate_key',
  title: 'Duplicate key',
  detail: 'An object in the body names the same member twice.',
  help: 'Send every member of an object once.',
})

export const nestedTooDeep = defineError({
  kind: 'malformed',
  code: 'request.nested_too_deep',
  title: 'Nested too deep',
  detail: 'The body is nested deeper than 32 levels.',
  help: 'Send a flatter body.',
})

export const memberNameTooLong = defineError({
  kind: 'malformed',
  code: 'request.member_name_too_long',
  title: 'Member name too long',
  detail: 'A member of the body has a name of more than 256 characters.',
  help: 'Name the members as the API document does.',
})

export const duplicateParameter = defineError({
  kind: 'malformed',
  code: 'request.duplicate_parameter',
  title: 'Duplicate parameter',
  detail: 'A parameter is given twice.',
  help: 'Send every parameter of the query, and every field of a form, once.',
})

export const requestAborted = defineError({
  kind: 'malformed',
  code: 'request.aborted',
  title: 'Request aborted',
  detail: 'The connection ended before the whole request had arrived.',
  help: 'Send the request again.',
})

export const unauthenticated = defineError({
  kind: 'unauthenticated',
  code: 'request.unauthenticated',
  title: 'Not authenticated',
  detail: 'It is not known who asks.',
  help: 'Log in first.',
})

/** The caller is known and may not: what a `policy` that says no answers. */
export const forbidden = defineError({
  kind: 'forbidden',
  code: 'request.forbidden',
  title: 'Forbidden',
  detail: 'You may not do this.',
  help: 'Ask somebody who may, or sign in with another account.',
})

export const methodNotAllowed = defineError({
  kind: 'method_not_allowed',
  code: 'request.method_not_allowed',
  title: 'Method not allowed',
  detail: 'This address exists, but does not take this method.',
  help: 'Use one of the methods that the Allow header names.',
})

export const requestTimeout = defineError({
  kind: 'timeout',
  code: 'request.timeout',
  title: 'Request timeout',
  detail: 'The request took too long to arrive.',
  help: 'Send the headers within 10 seconds and the whole request within 20.',
})

export const bodyTooLarge = defineError({
  kind: 'too_large',
  code: 'request.body_too_large',
  title: 'Body too large',
  detail: 'The body has more than 100 KiB, as sent or once decompressed.',
  help: 'Send less at once.',
})

export const addressTooLong = defineError({
  kind: 'address_too_long',
  code: 'request.address_too_long',
  title: 'Address too long',
  detail: 'The address has more than 8 KiB.',
  help: 'Send fewer or shorter parameters.',
})

export const headersTooLarge = defineError({
  kind: 'headers_too_large',
  code: 'request.headers_too_large',
  title: 'Headers too large',
  detail: 'The header fields have more than 16 KiB together, or are more than 1,000.',
  help: 'Send fewer or shorter header fields; look for cookies that are not needed.',
})

export const unsupportedMediaType = defineError({
  kind: 'unsupported',
  code: 'request.unsupported_media_type',
  title: 'Unsupported media type',
  detail: 'This address does not take a body of this type, charset or coding.',
  help: 'Send the Content-Type that the API document names, in UTF-8, plain or with gzip, deflate or br.',
})

export const validationFailed = defineError({
  kind: 'invalid',
  code: 'request.validation_failed',
  title: 'Validation failed',
  detail: 'The request is well formed, but breaks the rules of this address.',
  help: 'Each entry of errors points at one fault: correct all of them.',
})

export const preconditionFailed = defineError({
  kind: 'precondition_failed',
  code: 'request.precondition_failed',
  title: 'Precondition failed',
  detail: 'It has changed since it was read; nothing was changed now.',
  help: 'Read it again, and send its new ETag as If-Match.',
})

export const preconditionRequired = defineError({
  kind: 'precondition_required',
  code: 'request.precondition_required',
  title: 'Precondition required',
  detail: 'This change needs to name the version that it is made to.',
  help: 'Read it first, and send its ETag as If-Match.',
})

export const idempotencyInFlight = defineError({
  kind: 'conflict',
  code: 'request.idempotency_in_flight',
  title: 'Request in flight',
  detail: 'The first request with this Idempotency-Key is not answered yet.',
  help: 'Repeat the request after the time that Retry-After gives.',
})

export const notReady = defineError({
  kind: 'unavailable',
  code: 'service.not_ready',
  title: 'Not ready',
  detail: 'The process is stopping, or something that it needs is down.',
  help: 'Repeat the request after the time that Retry-After gives.',
})

/** What any request may meet, whatever its route. */
export const httpErrors = [
  malformedRequest,
  malformedText,
  malformedCoding,
  malformedJson,
  duplicateKey,
  nestedTooDeep,
  memberNameTooLong,
  duplicateParameter,
  requestAborted,
  unauthenticated,
  forbidden,
  methodNotAllowed,
  requestTimeout,
  bodyTooLarge,
  addressTooLong,
  headersTooLarge,
  unsupportedMediaType,
  validationFailed,
  preconditionFailed,
  preconditionRequired,
  idempotencyInFlight,
  rateLimited,
  notReady,
]
