export { type AuthGateway, type UserDto } from './auth.gateway.ts'
export { limits as authLimits } from './auth.limits.ts'
export { userDeleted } from './events/user-deleted.event.ts'
export { userRegistered } from './events/user-registered.event.ts'
export {
  type Authenticated,
  type AuthenticatedUser,
  type AuthGuards,
} from './guards/auth.guards.ts'
