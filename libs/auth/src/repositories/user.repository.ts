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

type UserChange = Partial<
  Pick<
    User,
    'username' | 'email' | 'pendingEmail' | 'emailVerifiedAt' | 'passwordHash' | 'status' | 'role'
  >
>

export function createUserRepository(db: DbFor<'user'>) {
  return { create, findById, findByIds, findByEmail, noteLogin, update }

  /** Throws a conflict that names the taken value. */
  function create(data: NewUser): Promise<User> {
    return db.user.create({ data }).catch(tellTakenValue)
  }

  /** Throws a conflict that names the taken value. */
  function update(id: number, change: UserChange): Promise<User> {
    return db.user.update({ where: { id }, data: change }).catch(tellTakenValue)
  }

  function findById(id: number): Promise<User | null> {
    return db.user.findUnique({ where: { id } })
  }

  function findByIds(ids: readonly number[]): Promise<User[]> {
    return db.user.findMany({ where: { id: { in: [...ids] } } })
  }

  /** Holds the row until the transaction ends. False when the account or its password is no longer what it was. */
  async function noteLogin({ id, passwordHash, updatedAt }: User, now: Date): Promise<boolean> {
    const { count } = await db.user.updateMany({
      where: { id, passwordHash, status: 'active' },
      data: { lastLoginAt: now, updatedAt },
    })
    return count > 0
  }

  function findByEmail(email: string): Promise<User | null> {
    return db.user.findFirst({ where: { email } })
  }
}

function tellTakenValue(error: unknown): never {
  if (violates(error, 'user_email_key')) throw emailTaken({ cause: error })
  if (violates(error, 'user_username_key')) throw usernameTaken({ cause: error })
  throw error
}
