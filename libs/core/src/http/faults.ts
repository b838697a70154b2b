import { z } from 'zod'
import type { InputFault } from '../errors/index.ts'
import type { FaultList } from './fault-list.ts'

type Fault = Omit<InputFault, 'pointer'>

/** Adds one fault for each thing that breaks a schema; three unknown members are three faults. */
export function addIssues(
  faults: FaultList,
  part: string,
  issues: readonly z.core.$ZodRawIssue[],
): void {
  for (const issue of issues) {
    const path = issue.path ?? []
    if (issue.code === 'unrecognized_keys')
      for (const name of issue.keys) faults.add(part, [...path, name], unknown(part))
    // Zod writes a message only on demand, and some schemas take long over theirs.
    else faults.add(part, path, faults.isFull() ? unlisted : faultOf(issue))
  }
}

const unlisted: Fault = { code: 'invalid_value', detail: '' }

function faultOf(raw: z.core.$ZodRawIssue): Fault {
  const issue = z.core.util.finalizeIssue(raw, undefined, z.config())
  const { code, message: detail } = issue
  if (code === 'custom') return { code: customCode(issue), detail }
  if (code === 'invalid_type') return { code, detail: withoutReceived(detail) }
  return { code, detail }
}

const unknown = (part: string): Fault => ({
  code: 'unknown',
  detail: part === 'query' ? 'There is no such parameter.' : 'There is no such member.',
})

/** Zod adds the received type: for an infinite number, the number itself. */
const withoutReceived = (message: string): string =>
  message
    .replace(/^Invalid input: (.*), received undefined$/, 'Missing: $1')
    .replace(/, received .*$/s, '')

/** A `refine` names its own code with `params: { code }`. */
function customCode({ params }: z.core.$ZodIssueCustom): string {
  const code: unknown = params?.['code']
  return typeof code === 'string' ? code : 'invalid_value'
}

const forbiddenNames = ['__proto__', 'constructor', 'prototype']

/**
 * Adds a fault for each thing that no part of a request may hold, whatever its schema: U+0000,
 * which PostgreSQL cannot store; a lone surrogate, which is no text; and a member named like a part
 * of JavaScript's own objects. Visits every value once and builds nothing for a sound one.
 */
export function addForbidden(faults: FaultList, part: string, value: unknown): void {
  const path: PropertyKey[] = []
  visit(value)

  function visit(value: unknown): void {
    if (typeof value === 'string') {
      if (!isStorable(value)) faults.add(part, path, unstorable)
    } else if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) within(index, () => visit(item))
    } else if (typeof value === 'object' && value !== null) {
      for (const [name, inner] of Object.entries(value))
        within(name, () => visitMember(name, inner))
    }
  }

  function visitMember(name: string, value: unknown): void {
    if (!isStorable(name)) faults.add(part, path, unstorable)
    else if (forbiddenNames.includes(name)) faults.add(part, path, unknown(part))
    else visit(value)
  }

  function within(name: PropertyKey, work: () => void): void {
    path.push(name)
    work()
    path.pop()
  }
}

const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes('\0')

const unstorable: Fault = {
  code: 'invalid_text',
  detail: 'Must not contain U+0000 or half of a surrogate pair.',
}
