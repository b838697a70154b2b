import { violates, type DbFor, type Row } from '@ashlar/core/db'
import { emailTaken, usernameTaken } from '../auth.errors.ts'

export type User = Row<'user'>
export type UserRepository = ReturnType<typeof createUserRepository>

interface NewUser {
  username: string
  email: string
  passwordHash: string
  role?: 'user' | 'admin'
  emailVerifiedAt?: Date
}

export function createUserRepository(db: DbFor<'user'>) {
  return { create, findById, findByEmail }

  /** Throws a conflict that names the taken value. */
  async function create(data: NewUser): Promise<User> {
    return db.user.create({ data }).catch((error: unknown) => {
      if (violates(error, 'user_email_key')) throw emailTaken({ cause: error })
      if (violates(error, 'user_username_key')) throw usernameTaken({ cause: error })
      throw error
    })
  }

  function findById(id: number): Promise<User | null> {
    return db.user.findUnique({ where: { id } })
  }

  function findByEmail(email: string): Promise<User | null> {
    return db.user.findFirst({ where: { email } })
  }
}
