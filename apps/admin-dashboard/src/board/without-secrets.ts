import { isSecretName, mask, redactText } from '@ashlar/core/logging'

const deepest = 50

/** A copy of what a job tells: members named like a secret are masked at any depth, and so is what a log line hides of a text. */
export function withoutSecrets<T>(value: T): T {
  return masked(value, 0) as T
}

/** Whether something masked is in there. */
export const hasMask = (value: unknown): boolean => JSON.stringify(value)?.includes(mask) ?? false

function masked(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redactText(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth > deepest) return mask
  if (Array.isArray(value)) return value.map((item) => masked(item, depth + 1))
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      isSecretName(name) && typeof inner !== 'boolean' ? mask : masked(inner, depth + 1),
    ]),
  )
}
