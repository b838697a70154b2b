import type { AuthenticatedUser } from '../repositories/authenticated-user.ts'
import { canReadFullUser, type Actor } from '../policies/user.policy.ts'
import type { PublicColumns } from '../repositories/user.repository.ts'
import type { FullUser, PublicUser, VisibleUser } from '../schemas/user.schema.ts'

export const toPublicUser = ({ id, username, status, createdAt }: PublicColumns): PublicUser => ({
  id,
  username,
  status,
  createdAt: createdAt.toISOString(),
})

export const toFullUser = (user: AuthenticatedUser): FullUser => ({
  ...toPublicUser(user),
  email: user.email,
  emailVerified: user.emailVerifiedAt !== null,
  role: user.role,
  updatedAt: user.updatedAt.toISOString(),
})

/** As much of a user as this one may see. */
export const toVisibleUser = (actor: Actor, user: AuthenticatedUser): VisibleUser =>
  canReadFullUser(actor, user) ? toFullUser(user) : toPublicUser(user)

/** A user as the list of the deleted shows one. */
export const toDeletedUser = (
  user: AuthenticatedUser & { deletedAt: Date | null },
): VisibleUser => ({
  ...toFullUser(user),
  ...(user.deletedAt && { deletedAt: user.deletedAt.toISOString() }),
})
