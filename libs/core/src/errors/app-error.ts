/** What sort of failure it is. The HTTP status, whether a job runs again and the log level follow from it. */
export type ErrorKind =
  | 'malformed'
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'timeout'
  | 'conflict'
  | 'precondition_failed'
  | 'precondition_required'
  | 'too_large'
  | 'address_too_long'
  | 'headers_too_large'
  | 'unsupported'
  | 'rate_limited'
  | 'unavailable'
  | 'internal'

/** One fault of an input: where it is (a JSON pointer), a stable code, and a sentence. Never the value itself. */
export interface InputFault {
  pointer: string
  code: string
  detail: string
  position?: number
}

/** An entry of the problem catalogue: served at `/problems/<code>` and listed in the OpenAPI document. */
export interface ErrorDefinition {
  kind: ErrorKind
  /** Stable and dotted: `<module>.<what>`. */
  code: string
  title: string
  /** What happened, as a sentence that every caller may read. */
  detail: string
  /** What the caller can do about it. */
  help: string
}

export interface ErrorOptions {
  /** Replaces the definition's sentence where this occurrence can say more. */
  detail?: string
  errors?: readonly InputFault[]
  /** Seconds after which a repeat may succeed (`Retry-After`). */
  retryAfterSeconds?: number
  /** Header fields of the answer, such as `Allow`. */
  headers?: Readonly<Record<string, string>>
  /** Further members of the problem (RFC 9457 §3.2), for a client that reads them. */
  extensions?: Readonly<Record<string, unknown>>
  cause?: unknown
}

/** The one error type. Everything else that is thrown counts as a defect. */
export class AppError extends Error {
  readonly definition: ErrorDefinition
  readonly errors: readonly InputFault[] | undefined
  readonly retryAfterSeconds: number | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly extensions: Readonly<Record<string, unknown>>

  constructor(definition: ErrorDefinition, options: ErrorOptions = {}) {
    super(options.detail ?? definition.detail, { cause: options.cause })
    this.name = 'AppError'
    this.definition = definition
    this.errors = options.errors
    this.retryAfterSeconds = options.retryAfterSeconds
    this.headers = options.headers ?? {}
    this.extensions = options.extensions ?? {}
  }

  get kind(): ErrorKind {
    return this.definition.kind
  }

  get code(): string {
    return this.definition.code
  }
}

/** Makes errors of one definition: `throw emailTaken()`. */
export interface ErrorFactory extends ErrorDefinition {
  (options?: ErrorOptions): AppError
}

/**
 * Declares an error once, for throwing, for the catalogue and for the OpenAPI document.
 *
 * @example
 * const emailTaken = defineError({
 *   kind: 'conflict',
 *   code: 'auth.email_taken',
 *   title: 'E-mail taken',
 *   detail: 'Another account uses this e-mail address.',
 *   help: 'Log in, or register with another address.',
 * })
 */
export function defineError(definition: ErrorDefinition): ErrorFactory {
  const create = (options?: ErrorOptions) => new AppError(definition, options)
  return Object.assign(create, definition)
}
