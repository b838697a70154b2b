import type { AuthenticatedUser } from '../guards/auth.guards.ts'
import type { FullUser } from '../schemas/user.schema.ts'

export const toFullUser = (user: AuthenticatedUser): FullUser => ({
  id: user.id,
  username: user.username,
  email: user.email,
  emailVerified: user.emailVerifiedAt !== null,
  status: user.status,
  role: user.role,
  createdAt: user.createdAt.toISOString(),
  updatedAt: user.updatedAt.toISOString(),
})
