import type { Request } from 'express'
import { preconditionFailed, preconditionRequired } from './errors.ts'
import { etagOf, matchesStrongly, type Version } from './etag.ts'

/** What the caller believes to change, so that nobody overwrites what they have not seen. */
export interface Precondition {
  /**
   * Throws 412 unless `If-Match` names this version. To be asked inside the transaction, of a row that is locked or updated only
   * at this version. Passes where the route lets the field be left out and it was.
   */
  check(version: Version): void
}

/** Reads `If-Match` where the route has it. Throws 428 where it must be there. */
export function readPrecondition(
  request: Request,
  ifMatch: 'optional' | 'required' | undefined,
): Precondition {
  if (!ifMatch) return { check: undeclared }
  const given = request.get('if-match')
  if (given === undefined && ifMatch === 'required') throw preconditionRequired()
  return {
    check(version) {
      if (given !== undefined && !matchesStrongly(given, etagOf(version)))
        throw preconditionFailed()
    },
  }
}

function undeclared(): never {
  throw new Error('A handler asks for the precondition of a route that declares no ifMatch')
}
