const secretName =
  /pass(word|phrase|wd|code)|secret|token|authorization|cookie|(api|private|access|signing)[-_]?key|credential|signature|(recovery|factor)[-_]?code|code[-_]?verifier|^jwt$/i
/** Short ones only as the last word of a name: `dbPass`, not `bypass`. */
const secretWord = /(^|[^a-z])(pass|pwd|pin|t?otp)$/i
const secretWordInCamels = /[a-z\d](Pass|P[Ww][Dd]|P[Ii][Nn]|T?O[Tt][Pp])$/

/** Names repeat in every line, so each is looked at once. Bounded, because a client may make some up. */
const known = new Map<string, boolean>()
const mostNames = 2_000
const longestName = 64

/** Whether a member of this name is masked. */
export function isSecretName(name: string): boolean {
  let isSecret = known.get(name)
  if (isSecret === undefined) {
    isSecret = tells(name)
    if (known.size < mostNames && name.length <= longestName) known.set(name, isSecret)
  }
  return isSecret
}

const tells = (name: string): boolean =>
  secretName.test(name) || secretWord.test(name) || secretWordInCamels.test(name)

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
 * ends. So is a `value` beside a `name` that tells, and what follows such a name in a list, as in Node's `rawHeaders`. The given entry stays as
 * it is. By name and not by path, because pino's own redaction cannot reach members at unknown depths.
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
    const told = name === 'value' ? labelOf(members) : name
    const shown = isMasked(told, value) ? mask : redactValue(value, depth + 1, budget)
    if (shown !== value) (copy ??= { ...members })[name] = shown
  }
  return copy ?? members
}

function labelOf({ name, key }: Record<string, unknown>): string {
  if (typeof name === 'string') return name
  return typeof key === 'string' ? key : 'value'
}

const isMasked = (name: string, value: unknown): boolean => canBeSecret(value) && isSecretName(name)

/** Whether there is a secret is no secret. */
const canBeSecret = (value: unknown): boolean =>
  value !== undefined && value !== null && typeof value !== 'boolean'

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
  const copy = list.map((item, index) =>
    isNamed(list, index) ? mask : redactValue(item, depth + 1, budget),
  )
  return copy.some((item, index) => item !== list[index]) ? copy : list
}

/** Not through `known`, which is for names: a list holds anything. */
function isNamed(list: readonly unknown[], index: number): boolean {
  if (index % 2 === 0 || list.length % 2 === 1) return false
  const name = list[index - 1]
  const mayBeName = typeof name === 'string' && name.length <= longestName
  return mayBeName && canBeSecret(list[index]) && tells(name)
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
