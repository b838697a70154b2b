const secretName =
  /pass(word|phrase|wd)|secret|token|authorization|cookie|api[-_]?key|private[-_]?key|credential|recovery[-_]?codes?|code[-_]?verifier|^jwt$|^t?otp$/i

/** Names repeat in every line, so each is looked at once. Bounded, because a client may make some up. */
const known = new Map<string, boolean>()
const mostNames = 2_000

/** Whether a member of this name is masked. */
export function isSecretName(name: string): boolean {
  let isSecret = known.get(name)
  if (isSecret === undefined) {
    isSecret = secretName.test(name)
    if (known.size < mostNames) known.set(name, isSecret)
  }
  return isSecret
}

/** Stands where a secret stood. */
export const mask = '[redacted]'
const tooDeep = '[too deep]'
const tooMuch = '[too much]'
const unreadable = '[unreadable]'
const deepest = 8
/** A request or a socket has thousands of members, which lead to each other. */
const mostMembers = 1_000

interface Budget {
  members: number
}

/**
 * The entry with every member masked that is named like a secret, in lists, errors and objects of any class, down to a depth of eight where it
 * ends. The given entry stays as it is. By name and not by path, because pino's own redaction cannot reach members at unknown depths.
 *
 * @example
 * redact({ user: { id: 1, password: 'never shown' } }) // { user: { id: 1, password: '[redacted]' } }
 */
export function redact(entry: Record<string, unknown>): Record<string, unknown> {
  try {
    return redactMembers(entry, 0, { members: mostMembers })
  } catch {
    // A getter that throws must not take the line with it.
    return { entry: unreadable }
  }
}

function redactMembers(
  members: Record<string, unknown>,
  depth: number,
  budget: Budget,
): Record<string, unknown> {
  let copy: Record<string, unknown> | undefined
  for (const [name, value] of Object.entries(members)) {
    const shown = isMasked(name, value) ? mask : redactValue(value, depth + 1, budget)
    if (shown !== value) (copy ??= { ...members })[name] = shown
  }
  return copy ?? members
}

/** Whether there is a secret is no secret. */
const isMasked = (name: string, value: unknown): boolean =>
  value !== undefined && value !== null && typeof value !== 'boolean' && isSecretName(name)

function redactValue(value: unknown, depth: number, budget: Budget): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (depth > deepest) return tooDeep
  if (--budget.members < 0) return tooMuch
  if (value instanceof Error) return redactMembers(describeError(value), depth, budget)
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if (Array.isArray(value)) return redactList(value, depth, budget)
  if (hasOwnJson(value)) return redactValue(value.toJSON(), depth + 1, budget)
  return redactMembers(value as Record<string, unknown>, depth, budget)
}

const hasOwnJson = (value: object): value is { toJSON(): unknown } =>
  'toJSON' in value && typeof value.toJSON === 'function'

function redactList(list: readonly unknown[], depth: number, budget: Budget): readonly unknown[] {
  const copy = list.map((item) => redactValue(item, depth + 1, budget))
  return copy.some((item, index) => item !== list[index]) ? copy : list
}

/** Type, message, stack, cause, and what else somebody hung on it. */
function describeError(error: Error): Record<string, unknown> {
  const { message, stack, cause } = error
  return {
    type: error.constructor.name,
    message,
    stack,
    ...(cause !== undefined && { cause }),
    ...(error instanceof AggregateError && { errors: error.errors }),
    ...(error as object),
  }
}
