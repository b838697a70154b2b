import { createHash } from 'node:crypto'

/** What a resource has another of after each change: a number that grows, or the time of the last change. */
export type Version = number | string | Date

/** The entity tag of a version. Strong, because `If-Match` takes no other (RFC 9110 §13.1.1). */
export function etagOf(version: Version): string {
  if (typeof version === 'number') return `"${version}"`
  return `"${digest(version instanceof Date ? version.toISOString() : version)}"`
}

/** The entity tag of an answer as it is sent. */
export const etagOfBody = (body: string): string => `"${digest(body)}"`

const digest = (text: string): string =>
  createHash('sha256').update(text).digest('base64url').slice(0, 22)

/** `*`, or entity tags with commas between them (RFC 9110 §8.8.3). */
export const entityTags =
  /^\s*(\*|(W\/)?"[\x21\x23-\x7e\x80-\xff]*"(\s*,\s*(W\/)?"[\x21\x23-\x7e\x80-\xff]*")*)\s*$/

const tagsOf = (field: string): string[] => field.match(/(W\/)?"[^"]*"/g) ?? []

/** For `If-Match`: a weak tag names no version for sure. */
export const matchesStrongly = (field: string, etag: string): boolean =>
  field.trim() === '*' || tagsOf(field).includes(etag)

/** For `If-None-Match`: a copy that is as good as the answer will do. */
export const matchesWeakly = (field: string, etag: string): boolean =>
  field.trim() === '*' || tagsOf(field).some((tag) => tag.replace(/^W\//, '') === etag)
