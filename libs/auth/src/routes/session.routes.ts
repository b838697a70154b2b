import { z } from 'zod'
import { mapPage } from '@ashlar/core/db'
import { createRoutes } from '@ashlar/core/http'
import { defineList, time, uuid } from '@ashlar/core/list'
import { sessionNotFound } from '../auth.errors.ts'
import type { AuthGuards } from '../guards/auth.guards.ts'
import type { Session as SessionRow } from '../repositories/session.repository.ts'
import { Session } from '../schemas/auth.schema.ts'
import type { SessionService } from '../services/session.service.ts'
import { clientOf } from './client.ts'

const sessionList = defineList({
  fields: { id: uuid(), lastUsedAt: time() },
  sort: ['lastUsedAt'],
  filter: [],
  defaultSort: 'lastUsedAt:desc',
  perPage: 20,
})

export function sessionRoutes(sessions: SessionService, { activeUser }: AuthGuards) {
  const routes = createRoutes({
    prefix: '/auth/sessions',
    tag: 'Sessions',
    description: 'The devices on which one is logged in.',
  })

  routes.get(
    '/',
    {
      summary: 'List the own sessions',
      guard: activeUser,
      list: sessionList,
      response: Session,
    },
    async ({ list, user, sessionId }) =>
      mapPage(await sessions.findPageOf(user.id, list), (session) => toSession(session, sessionId)),
  )

  routes.delete(
    '/:id',
    {
      summary: 'End one of the own sessions',
      guard: activeUser,
      params: z.strictObject({ id: z.guid() }),
      errors: [sessionNotFound],
    },
    ({ params, user, request }) => sessions.end(params.id, user.id, clientOf(request)),
  )

  routes.delete(
    '/',
    { summary: 'End all own sessions but this one', guard: activeUser },
    ({ user, sessionId, request }) => sessions.endOthers({ user, sessionId }, clientOf(request)),
  )

  return routes
}

const toSession = (session: SessionRow, currentId: string): Session => ({
  id: session.id,
  device: session.device,
  createdAt: session.createdAt.toISOString(),
  lastUsedAt: session.lastUsedAt.toISOString(),
  current: session.id === currentId,
})
