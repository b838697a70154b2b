import { z } from 'zod'
import { mapPage } from '@ashlar/core/db'
import { createRoutes } from '@ashlar/core/http'
import { defineList, time, uuid } from '@ashlar/core/list'
import {
  apiKeyNotFound,
  hashingOverloaded,
  tooManyApiKeys,
  userNotFound,
  wrongPassword,
} from '../auth.errors.ts'
import type { AuthGuards } from '../guards/auth.guards.ts'
import type { ApiKey as ApiKeyRow } from '../repositories/api-key.repository.ts'
import { ApiKey, NewApiKey, newApiKeyBody } from '../schemas/api-key.schema.ts'
import type { ApiKeyService } from '../services/api-key.service.ts'
import { clientOf } from './client.ts'

const apiKeyList = defineList({
  fields: { id: uuid(), createdAt: time() },
  sort: ['createdAt'],
  filter: [],
  defaultSort: 'createdAt:desc',
  perPage: 20,
})

const params = z.strictObject({ id: z.guid() })

/** For people who are signed in: no key makes another one. */
export function apiKeyRoutes(keys: ApiKeyService, { activeUser, scopes }: AuthGuards) {
  const routes = createRoutes({
    prefix: '/auth/api-keys',
    tag: 'API keys',
    description: 'What machines present in place of an access token, on the routes that take it.',
  })

  routes.get(
    '/',
    { summary: 'List the own API keys', guard: activeUser, list: apiKeyList, response: ApiKey },
    async ({ list, user }) => mapPage(await keys.findPageOf(user.id, list), toApiKey),
  )

  routes.post(
    '/',
    {
      summary: 'Make an API key',
      description: 'The key is shown once. Its owner is told by mail.',
      guard: activeUser,
      body: newApiKeyBody(scopes),
      response: NewApiKey,
      status: 201,
      location: ({ id }) => `/auth/api-keys/${id}`,
      noStore: true,
      errors: [wrongPassword, userNotFound, tooManyApiKeys, hashingOverloaded],
    },
    async ({ user, body, request }) => {
      const created = await keys.create(user.id, body, clientOf(request))
      return { ...toApiKey(created), key: created.key }
    },
  )

  routes.get(
    '/:id',
    {
      summary: 'Read one of the own API keys',
      guard: activeUser,
      params,
      response: ApiKey,
      errors: [apiKeyNotFound],
    },
    async ({ params, user }) => toApiKey(await keys.get(params.id, user.id)),
  )

  routes.delete(
    '/:id',
    {
      summary: 'Delete one of the own API keys',
      description: 'It opens nothing from the next request on.',
      guard: activeUser,
      params,
      errors: [apiKeyNotFound],
    },
    ({ params, user, request }) => keys.remove(params.id, user.id, clientOf(request)),
  )

  return routes
}

const toApiKey = (key: ApiKeyRow): ApiKey => ({
  id: key.id,
  name: key.name,
  hint: key.hint,
  scopes: key.scopes,
  createdAt: key.createdAt.toISOString(),
  expiresAt: key.expiresAt.toISOString(),
  lastUsedAt: key.lastUsedAt?.toISOString() ?? null,
})
