import { z } from 'zod'
import { createRoutes, ResourceId } from '@ashlar/core/http'
import {
  hashingOverloaded,
  secondFactorIsOff,
  secondFactorIsOn,
  userNotFound,
  wrongCode,
  wrongPassword,
} from '../auth.errors.ts'
import type { AuthGuards } from '../guards/auth.guards.ts'
import {
  ConfirmSecondFactorBody,
  CurrentPasswordBody,
  DisableSecondFactorBody,
  NewSecondFactor,
  RecoveryCodes,
  SecondFactorState,
} from '../schemas/second-factor.schema.ts'
import type { SecondFactorService } from '../services/second-factor.service.ts'
import { canResetSecondFactors } from '../policies/user.policy.ts'
import { byOf, clientOf } from './client.ts'

export function secondFactorRoutes(
  secondFactor: SecondFactorService,
  { activeUser }: Pick<AuthGuards, 'activeUser'>,
) {
  const routes = createRoutes({
    prefix: '/auth/second-factor',
    tag: 'Second factor',
    description:
      'An authenticator app (TOTP, RFC 6238) that a log-in asks for besides the password.',
  })

  routes.get(
    '/',
    { summary: 'Read the own second factor', guard: activeUser, response: SecondFactorState },
    async ({ user }) => {
      const { enabledAt, ...state } = await secondFactor.describe(user.id)
      return { ...state, enabledAt: enabledAt?.toISOString() ?? null }
    },
  )

  routes.post(
    '/',
    {
      summary: 'Begin a second factor',
      description: 'Gives a secret for the authenticator app. It counts when it is confirmed.',
      guard: activeUser,
      body: CurrentPasswordBody,
      response: NewSecondFactor,
      noStore: true,
      errors: [wrongPassword, userNotFound, secondFactorIsOn, hashingOverloaded],
    },
    ({ user, body, request }) =>
      secondFactor.begin(user.id, body.currentPassword, clientOf(request)),
  )

  routes.post(
    '/confirm',
    {
      summary: 'Confirm the second factor with a first code',
      description:
        'From now on each log-in needs a code. Ends the other sessions, and shows the recovery codes.',
      guard: activeUser,
      body: ConfirmSecondFactorBody,
      response: RecoveryCodes,
      noStore: true,
      errors: [wrongCode, secondFactorIsOff, secondFactorIsOn],
    },
    async ({ user, sessionId, body, request }) => ({
      recoveryCodes: await secondFactor.confirm({ user, sessionId }, body.code, clientOf(request)),
    }),
  )

  routes.post(
    '/recovery-codes',
    {
      summary: 'Make new recovery codes',
      description: 'The old ones are worth nothing then.',
      guard: activeUser,
      body: CurrentPasswordBody,
      response: RecoveryCodes,
      noStore: true,
      errors: [wrongPassword, userNotFound, secondFactorIsOff, hashingOverloaded],
    },
    async ({ user, body, request }) => ({
      recoveryCodes: await secondFactor.renewRecoveryCodes(
        user.id,
        body.currentPassword,
        clientOf(request),
      ),
    }),
  )

  routes.post(
    '/disable',
    {
      summary: 'Disable the second factor',
      guard: activeUser,
      body: DisableSecondFactorBody,
      errors: [wrongPassword, wrongCode, userNotFound, secondFactorIsOff, hashingOverloaded],
    },
    ({ user, body, request }) => secondFactor.disable(user.id, body, clientOf(request)),
  )

  return routes
}

/** For whoever lost the app and the recovery codes, and proves to an administrator by other means to be the owner. */
export function secondFactorResetRoutes(
  secondFactor: SecondFactorService,
  { activeUser }: Pick<AuthGuards, 'activeUser'>,
) {
  const routes = createRoutes({ prefix: '/users', tag: 'Users' })

  routes.delete(
    '/:id/second-factor',
    {
      summary: 'Take the second factor off an account',
      guard: activeUser,
      policy: ({ user }) => canResetSecondFactors(user),
      params: z.strictObject({ id: ResourceId }),
      errors: [userNotFound, secondFactorIsOff],
    },
    ({ params, ...by }) => secondFactor.reset(params.id, byOf(by)),
  )

  return routes
}
