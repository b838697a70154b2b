export { createAuthModule, type AuthModule, type AuthModuleDeps } from './auth.module.ts'
