import type { Request } from 'express'
import type { Caller } from '../guards/auth.guards.ts'
import type { Client } from '../repositories/client.ts'
import type { By } from '../services/user.service.ts'

/** Where a request comes from, as sessions and the audit trail remember it. */
export const clientOf = (request: Request): Client => ({
  device: request.get('user-agent'),
  address: request.ip,
  requestId: request.res?.locals.context?.requestId,
})

/** Who does something to somebody else, and from where. */
export const byOf = ({ user, request }: Caller & { request: Request }): By => ({
  actorId: user.id,
  client: clientOf(request),
})
