import type { Request } from 'express'
import type { AnyContract } from './contract.ts'

/** Whom a request counts for: the one that the guard found, otherwise the address. */
export const callerOf = ({ guard }: AnyContract, context: object, request: Request): string =>
  guard ? `user:${guard.identify(context)}` : `address:${request.ip}`
