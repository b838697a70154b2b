import { stdSerializers } from 'pino'

const secretName =
  /pass(word|phrase|wd)|secret|token|authorization|cookie|api[-_]?key|private[-_]?key|credential|^jwt$/i

/** Whether a member of this name is masked. */
export const isSecretName = (name: string): boolean => secretName.test(name)

/** Stands where a secret stood. */
export const mask = '[redacted]'
const tooDeep = '[too deep]'
const deepest = 8

/**
 * A copy in which every member named like a secret is masked, down to a depth of eight where it ends; class instances pass as they are.
 * By name and not by path, because pino's own redaction cannot reach members at unknown depths.
 */
export function redact(entry: Record<string, unknown>): Record<string, unknown> {
  return redactMembers(entry, 0)
}

/** Type, message, stack and causes of an error, and what else somebody hung on it, redacted. */
export function redactError(error: unknown): unknown {
  return redactValue(stdSerializers.errWithCause(error as Error), 0)
}

function redactMembers(members: Record<string, unknown>, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(members).map(([name, value]) => [
      name,
      isSecretName(name) && typeof value !== 'boolean' ? mask : redactValue(value, depth + 1),
    ]),
  )
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (depth > deepest) return tooDeep
  if (Array.isArray(value)) return value.map((item) => redactValue(item, depth + 1))
  return isPlain(value) ? redactMembers(value as Record<string, unknown>, depth) : value
}

// pino's form of an error has a prototype of its own.
const plainPrototypes = [
  Object.prototype,
  null,
  Object.getPrototypeOf(stdSerializers.errWithCause(new Error())),
]
const isPlain = (value: object) => plainPrototypes.includes(Object.getPrototypeOf(value))
