import { defineError } from '@ashlar/core/errors'

export const registrationDisabled = defineError({
  kind: 'forbidden',
  code: 'auth.registration_disabled',
  title: 'Registration disabled',
  detail: 'New registrations are switched off.',
  help: 'Ask an administrator for an account.',
})

export const emailTaken = defineError({
  kind: 'conflict',
  code: 'auth.email_taken',
  title: 'E-mail taken',
  detail: 'Another account uses this e-mail address.',
  help: 'Log in, or register with another address.',
})

export const usernameTaken = defineError({
  kind: 'conflict',
  code: 'auth.username_taken',
  title: 'Username taken',
  detail: 'Another account uses this username.',
  help: 'Register with another username.',
})

export const invalidCredentials = defineError({
  kind: 'unauthenticated',
  code: 'auth.invalid_credentials',
  title: 'Invalid credentials',
  detail: 'E-mail and password do not match an active account.',
  help: 'Check both, or restore the password.',
})

export const invalidAccessToken = defineError({
  kind: 'unauthenticated',
  code: 'auth.invalid_access_token',
  title: 'Not authenticated',
  detail: 'A valid access token is needed.',
  help: 'Log in and send the access token as "Authorization: Bearer <token>".',
})

export const invalidRefreshToken = defineError({
  kind: 'unauthenticated',
  code: 'auth.invalid_refresh_token',
  title: 'Invalid refresh token',
  detail: 'The refresh token is unknown, used, expired, or its session is over.',
  help: 'Log in again.',
})

export const invalidToken = defineError({
  kind: 'malformed',
  code: 'auth.invalid_token',
  title: 'Invalid token',
  detail: 'The token is unknown, used, expired, or meant for something else.',
  help: 'Ask for a new mail, and use the link of the newest one.',
})

export const wrongPassword = defineError({
  kind: 'forbidden',
  code: 'auth.wrong_password',
  title: 'Wrong password',
  detail: 'The current password is not this one.',
  help: 'Check currentPassword, or restore the password.',
})

export const userNotFound = defineError({
  kind: 'not_found',
  code: 'auth.user_not_found',
  title: 'User not found',
  detail: 'There is no such user, or no longer.',
  help: 'Check the id.',
})

export const userNotDeleted = defineError({
  kind: 'conflict',
  code: 'auth.user_not_deleted',
  title: 'User not deleted',
  detail: 'Only a deleted user can be restored.',
  help: 'Read the user: the account is there.',
})

export const lastAdmin = defineError({
  kind: 'conflict',
  code: 'auth.last_admin',
  title: 'Last administrator',
  detail: 'This is the last active administrator.',
  help: 'Make somebody else an administrator first.',
})

export const sessionNotFound = defineError({
  kind: 'not_found',
  code: 'auth.session_not_found',
  title: 'Session not found',
  detail: 'There is no such session, it is over, or it is not yours.',
  help: 'List your sessions.',
})

export const inactiveUser = defineError({
  kind: 'forbidden',
  code: 'auth.inactive_user',
  title: 'Inactive account',
  detail: 'This account is not active.',
  help: 'Ask an administrator to activate it.',
})

export const providerUnavailable = defineError({
  kind: 'unavailable',
  code: 'auth.provider_unavailable',
  title: 'Sign-in provider unavailable',
  detail: 'The sign-in provider does not answer right now, or not as it should.',
  help: 'Try again in a minute, or log in with a password.',
})

export const signInFailed = defineError({
  kind: 'malformed',
  code: 'auth.sign_in_failed',
  title: 'Sign-in failed',
  detail: 'This answer of the provider belongs to no sign-in that this browser began a moment ago.',
  help: 'Start again, in one tab, with cookies allowed.',
})

export const signInDenied = defineError({
  kind: 'forbidden',
  code: 'auth.sign_in_denied',
  title: 'Sign-in denied',
  detail: 'The sign-in was cancelled at the provider, or refused there.',
  help: 'Start again and agree, or log in with a password.',
})

export const providerEmailUnverified = defineError({
  kind: 'forbidden',
  code: 'auth.provider_email_unverified',
  title: 'E-mail not verified by the provider',
  detail: 'The provider vouches for no e-mail address of yours.',
  help: 'Verify your e-mail address at the provider and start again, or register with a password.',
})

export const accountEmailUnverified = defineError({
  kind: 'conflict',
  code: 'auth.account_email_unverified',
  title: 'E-mail of the account not verified',
  detail: 'An account has this e-mail address, and never proved that it is its own.',
  help: 'Choose a new password with the mail of restore-password, verify the address with the mail of verify-email/resend, and start again.',
})

export const accountNotLinked = defineError({
  kind: 'conflict',
  code: 'auth.account_not_linked',
  title: 'Account not linked',
  detail:
    'An account has this e-mail address, and the provider cannot tell who owns the address today.',
  help: 'Log in with the password of the account, or choose one with the mail of restore-password.',
})

export const identityNotFound = defineError({
  kind: 'not_found',
  code: 'auth.identity_not_found',
  title: 'Identity not found',
  detail: 'There is no such identity, or it is not yours.',
  help: 'List your identities.',
})

export const lastWayIn = defineError({
  kind: 'conflict',
  code: 'auth.last_way_in',
  title: 'Last way in',
  detail: 'The account has no password, and this is its last identity.',
  help: 'Choose a password with the mail of restore-password first.',
})

export const secondFactorNeeded = defineError({
  kind: 'unauthenticated',
  code: 'auth.second_factor_needed',
  title: 'Second factor needed',
  detail: 'The password is right, and the account asks for a code besides.',
  help: 'Send the same request with `code`: six digits of the authenticator app, or a recovery code.',
})

export const invalidSecondFactor = defineError({
  kind: 'unauthenticated',
  code: 'auth.invalid_second_factor',
  title: 'Invalid code',
  detail: 'The code is wrong, was used before, or is not of now.',
  help: 'Wait for the next code of the authenticator app, check the clock of the device, or use a recovery code.',
})

export const wrongCode = defineError({
  kind: 'forbidden',
  code: 'auth.wrong_code',
  title: 'Wrong code',
  detail: 'The code is wrong, was used before, or is not of now.',
  help: 'Wait for the next code of the authenticator app, and check the clock of the device.',
})

export const secondFactorIsOn = defineError({
  kind: 'conflict',
  code: 'auth.second_factor_enabled',
  title: 'Second factor enabled already',
  detail: 'The account has a second factor already.',
  help: 'Disable it first.',
})

export const secondFactorIsOff = defineError({
  kind: 'conflict',
  code: 'auth.second_factor_disabled',
  title: 'No second factor',
  detail: 'The account has no second factor.',
  help: 'Begin with POST /auth/second-factor.',
})

export const secondFactorUnavailable = defineError({
  kind: 'forbidden',
  code: 'auth.second_factor_unavailable',
  title: 'Second factor unavailable',
  detail: 'The account has a second factor, and this server cannot check its codes.',
  help: 'Tell an administrator: AUTH_TOTP_KEY is missing, or is not the key of before.',
})

export const ownSecondFactor = defineError({
  kind: 'forbidden',
  code: 'auth.own_second_factor',
  title: 'Own second factor',
  detail: 'An administrator takes the second factor off the accounts of others only.',
  help: 'Disable yours with POST /auth/second-factor/disable, or ask another administrator.',
})

export const emailUnverified = defineError({
  kind: 'forbidden',
  code: 'auth.email_unverified',
  title: 'E-mail not verified',
  detail: 'The e-mail address of this account is not verified.',
  help: 'Verify it with the mail of POST /auth/verify-email/resend, then repeat the request.',
})

export const apiKeyNotFound = defineError({
  kind: 'not_found',
  code: 'auth.api_key_not_found',
  title: 'API key not found',
  detail: 'There is no such API key, or it is not yours.',
  help: 'List your API keys.',
})

export const tooManyApiKeys = defineError({
  kind: 'conflict',
  code: 'auth.too_many_api_keys',
  title: 'Too many API keys',
  detail: 'The account has as many API keys as it may have.',
  help: 'Delete one that is not used any more.',
})

export const insufficientScope = defineError({
  kind: 'forbidden',
  code: 'auth.insufficient_scope',
  title: 'Scope missing',
  detail: 'The API key does not have the scope that this route asks for.',
  help: 'Make a key with the scope that WWW-Authenticate names.',
})

export const hashingOverloaded = defineError({
  kind: 'unavailable',
  code: 'auth.overloaded',
  title: 'Too many log-ins at once',
  detail: 'More log-ins arrived than can be checked right now.',
  help: 'Repeat the request after the time that Retry-After gives.',
})

/** The module's part of the problem catalogue. */
export const authErrors = [
  registrationDisabled,
  emailTaken,
  usernameTaken,
  invalidCredentials,
  invalidAccessToken,
  invalidRefreshToken,
  invalidToken,
  wrongPassword,
  userNotFound,
  userNotDeleted,
  lastAdmin,
  sessionNotFound,
  inactiveUser,
  providerUnavailable,
  signInFailed,
  signInDenied,
  providerEmailUnverified,
  accountEmailUnverified,
  accountNotLinked,
  identityNotFound,
  lastWayIn,
  secondFactorNeeded,
  invalidSecondFactor,
  wrongCode,
  secondFactorIsOn,
  secondFactorIsOff,
  secondFactorUnavailable,
  ownSecondFactor,
  emailUnverified,
  apiKeyNotFound,
  tooManyApiKeys,
  insufficientScope,
  hashingOverloaded,
]
