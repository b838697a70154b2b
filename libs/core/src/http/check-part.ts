import { z } from 'zod'
import type { FaultList } from './fault-list.ts'
import { addForbidden, addIssues } from './faults.ts'

/**
 * Validates one part of a request. Adds its faults to the list, and returns the data without any.
 */
export function checkPart(
  faults: FaultList,
  part: string,
  schema: z.ZodType,
  value: unknown,
): unknown {
  const before = faults.count()
  addForbidden(faults, part, value)
  // Nobody would read what the schema says besides.
  if (faults.isFull()) return undefined
  const data = checkSchema(faults, part, schema, value)
  return faults.count() === before ? data : undefined
}

/** Validates a value against its schema alone. `safeParse` would write a message for each issue. */
export function checkSchema(
  faults: FaultList,
  part: string,
  schema: z.ZodType,
  value: unknown,
): unknown {
  const result = schema._zod.run({ value, issues: [] }, { async: false })
  if (result instanceof Promise) throw new z.core.$ZodAsyncError()
  addIssues(faults, part, result.issues)
  return result.issues.length === 0 ? result.value : undefined
}
