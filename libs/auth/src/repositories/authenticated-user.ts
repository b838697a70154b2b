import type { User } from './user.repository.ts'

/** The account behind a request. */
export type AuthenticatedUser = Omit<User, 'passwordHash' | 'credentialsVersion' | 'deletedAt'>

/** Every column that a handler may see. A new one of the table does not compile until it is here. */
const columns: Record<keyof AuthenticatedUser, string> = {
  id: 'id',
  username: 'username',
  email: 'email',
  emailVerifiedAt: 'email_verified_at',
  pendingEmail: 'pending_email',
  status: 'status',
  role: 'role',
  createdAt: 'created_at',
  updatedAt: 'updated_at',
  lastLoginAt: 'last_login_at',
}

/** What a hand-written `SELECT` takes of `"user" u` for one. */
export const userColumns = Object.entries(columns)
  .map(([name, column]) => `u.${column} AS "${name}"`)
  .join(', ')
