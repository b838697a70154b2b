import type { Request } from 'express'
import type { Caller } from '../guards/auth.guards.ts'
import type { By, Client } from '../repositories/client.ts'

/** Where a request comes from, as sessions and the audit trail remember it. */
export const clientOf = (request: Request): Client => ({
  device: request.get('user-agent'),
  address: request.ip,
  requestId: request.res?.locals.context?.requestId,
})

export const byOf = ({ user, request }: Caller & { request: Request }): By => ({
  actorId: user.id,
  client: clientOf(request),
})
