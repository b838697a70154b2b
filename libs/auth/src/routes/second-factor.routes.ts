import { z } from 'zod'
import { createRoutes, ResourceId } from '@ashlar/core/http'
import {
  emailUnverified,
  hashingOverloaded,
  ownSecondFactor,
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
  NewSecondFactor,
  RecoveryCodes,
  SecondFactorProof,
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
      description:
        'Returns a secret for the authenticator app, which counts when it is confirmed. Needs a verified e-mail address.',
      guard: activeUser,
      body: CurrentPasswordBody,
      response: NewSecondFactor,
      noStore: true,
      errors: [wrongPassword, emailUnverified, userNotFound, secondFactorIsOn, hashingOverloaded],
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
      errors: [wrongCode, emailUnverified, userNotFound, secondFactorIsOff, secondFactorIsOn],
    },
    async ({ user, sessionId, body, request }) => ({
      recoveryCodes: await secondFactor.confirm({ user, sessionId }, body.code, clientOf(request)),
    }),
  )

  routes.post(
    '/recovery-codes',
    {
      summary: 'Make new recovery codes',
      description: 'Needs a code, or one of the old ones, which are worth nothing then.',
      guard: activeUser,
      body: SecondFactorProof,
      response: RecoveryCodes,
      noStore: true,
      errors: [wrongPassword, wrongCode, userNotFound, secondFactorIsOff, hashingOverloaded],
    },
    async ({ user, body, request }) => ({
      recoveryCodes: await secondFactor.renewRecoveryCodes(user.id, body, clientOf(request)),
    }),
  )

  routes.post(
    '/disable',
    {
      summary: 'Disable the second factor',
      guard: activeUser,
      body: SecondFactorProof,
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
      description: 'Of somebody else. Your own is disabled with your password and a code.',
      guard: activeUser,
      policy: ({ user }) => canResetSecondFactors(user),
      params: z.strictObject({ id: ResourceId }),
      errors: [ownSecondFactor, userNotFound, secondFactorIsOff],
    },
    ({ params, ...by }) => secondFactor.reset(params.id, byOf(by)),
  )

  return routes
}
