import type { z } from 'zod'
import type { InputFault } from '../errors/index.ts'
import { faultsOf, findForbidden } from './faults.ts'

/** One part of a request as its schema reads it, or what is wrong with it. */
export interface CheckedPart {
  data?: unknown
  faults: InputFault[]
}

/** Holds one part of a request against its schema. Gives every fault, also besides those that were `found` before. */
export function checkPart(
  part: string,
  schema: z.ZodType,
  value: unknown,
  found: readonly InputFault[] = findForbidden(part, value),
): CheckedPart {
  const result = schema.safeParse(value)
  if (result.success && found.length === 0) return { data: result.data, faults: [] }
  const told = new Set(found.map(({ pointer }) => pointer))
  const further = result.success ? [] : faultsOf(part, result.error.issues)
  return { faults: [...found, ...further.filter(({ pointer }) => !told.has(pointer))] }
}
