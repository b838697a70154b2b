import { z } from 'zod'
import { mapPage } from '@ashlar/core/db'
import { createRoutes } from '@ashlar/core/http'
import { defineList, time, uuid } from '@ashlar/core/list'
import { identityNotFound, lastWayIn } from '../auth.errors.ts'
import type { AuthGuards } from '../guards/auth.guards.ts'
import type { ExternalIdentity } from '../repositories/external-identity.repository.ts'
import { Identity } from '../schemas/provider.schema.ts'
import type { IdentityService } from '../services/identity.service.ts'
import { clientOf } from './client.ts'

const identityList = defineList({
  fields: { id: uuid(), createdAt: time() },
  sort: ['createdAt'],
  filter: [],
  defaultSort: 'createdAt:asc',
  perPage: 20,
})

export function identityRoutes(identities: IdentityService, { activeUser }: AuthGuards) {
  const routes = createRoutes({
    prefix: '/auth/identities',
    tag: 'Identities',
    description: 'Accounts elsewhere that open the own one.',
  })

  routes.get(
    '/',
    {
      summary: 'List the own identities',
      guard: activeUser,
      list: identityList,
      response: Identity,
    },
    async ({ list, user }) => mapPage(await identities.findPageOf(user.id, list), toIdentity),
  )

  routes.delete(
    '/:id',
    {
      summary: 'Unlink one of the own identities',
      guard: activeUser,
      params: z.strictObject({ id: z.guid() }),
      errors: [identityNotFound, lastWayIn],
    },
    ({ params, user, request }) => identities.remove(params.id, user.id, clientOf(request)),
  )

  return routes
}

const toIdentity = ({ id, provider, email, createdAt }: ExternalIdentity): Identity => ({
  id,
  provider,
  email,
  createdAt: createdAt.toISOString(),
})
