import type { z } from 'zod'
import type { InputFault } from '../errors/index.ts'

type Path = readonly PropertyKey[]

/** JSON pointer (RFC 6901) to a member below one part of a request. */
const pointerTo = (part: string, path: Path): string =>
  [part, ...path]
    .map((name) => `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('')

/** One fault for each thing that breaks a schema; an object with three unknown members has three. */
export function faultsOf(part: string, issues: readonly z.core.$ZodIssue[]): InputFault[] {
  const faults = issues.flatMap((issue) => faultsOfIssue(part, issue))
  // Zod also counts the items of an array where it wants a text.
  const mistyped = new Map(faults.filter(isMistyped).map((fault) => [fault.pointer, fault]))
  return faults.filter((fault) => (mistyped.get(fault.pointer) ?? fault) === fault)
}

const isMistyped = ({ code }: InputFault): boolean => code === 'invalid_type'

function faultsOfIssue(part: string, issue: z.core.$ZodIssue): InputFault[] {
  const pointer = pointerTo(part, issue.path)
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((name) => unknown(part, [...issue.path, name]))
  if (issue.code === 'custom') return [{ pointer, code: customCode(issue), detail: issue.message }]
  if (issue.code === 'invalid_type')
    return [{ pointer, code: issue.code, detail: withoutReceived(issue.message) }]
  return [{ pointer, code: issue.code, detail: issue.message }]
}

const unknown = (part: string, path: Path): InputFault => ({
  pointer: pointerTo(part, path),
  code: 'unknown',
  detail: part === 'query' ? 'There is no such parameter.' : 'There is no such member.',
})

/** Zod tells as well what came instead: of an infinite number, the number itself. */
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
 * What no part of a request may hold, whatever its schema: U+0000, which PostgreSQL cannot store; a lone surrogate, which is no text; and a
 * member named like a part of JavaScript's own objects.
 */
export function findForbidden(part: string, value: unknown, path: Path = []): InputFault[] {
  const pointer = pointerTo(part, path)
  if (typeof value === 'string') return isStorable(value) ? [] : [unstorable(pointer)]
  if (Array.isArray(value))
    return value.flatMap((item, index) => findForbidden(part, item, [...path, index]))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => {
    const at = [...path, name]
    if (!isStorable(name)) return [unstorable(pointerTo(part, at))]
    if (forbiddenNames.includes(name)) return [unknown(part, at)]
    return findForbidden(part, inner, at)
  })
}

const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes('\0')

const unstorable = (pointer: string): InputFault => ({
  pointer,
  code: 'invalid_text',
  detail: 'Must not contain U+0000 or half of a surrogate pair.',
})
