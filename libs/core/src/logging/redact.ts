const secretName =
  /pass(word|phrase)|secret|token|authorization|cookie|api[-_]?key|private[-_]?key|credential|currentPassword|^jwt$/i

/** Whether a member of this name is masked. */
export const isSecretName = (name: string): boolean => secretName.test(name)

/** Stands where a secret stood. */
export const mask = '[redacted]'
const deepest = 8

/**
 * A copy in which every member named like a secret is masked, at any depth up to eight; errors and class instances pass as they are.
 * By name and not by path, because pino's own redaction cannot reach members at unknown depths.
 */
export function redact(entry: Record<string, unknown>): Record<string, unknown> {
  return redactMembers(entry, 0)
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
  if (typeof value !== 'object' || value === null || depth > deepest) return value
  if (Array.isArray(value)) return value.map((item) => redactValue(item, depth + 1))
  const plain =
    Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null
  return plain ? redactMembers(value as Record<string, unknown>, depth) : value
}
