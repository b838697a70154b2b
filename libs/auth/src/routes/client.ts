import type { Request } from 'express'
import type { Client } from '../repositories/session.repository.ts'

/** Where a request comes from, as sessions remember it. */
export const clientOf = (request: Request): Client => ({
  device: request.get('user-agent'),
  address: request.ip,
})
