export { createAuthenticator } from './authenticator.ts'
export { authEnvironment } from './auth-environment.ts'
export { buildRegistration, createUser, signIn, tokenFrom } from './builders.ts'
export { startAuth, type TestAuth } from './start-auth.ts'
