import {
  onlyDeleted,
  violates,
  withDeleted,
  type Page,
  type PageRequest,
  type DbFor,
  type Row,
} from '@ashlar/core/db'
import { AppError } from '@ashlar/core/errors'
import { emailTaken, usernameTaken } from '../auth.errors.ts'

export type User = Row<'user'>
export type UserRepository = ReturnType<typeof createUserRepository>

interface NewUser {
  username: string
  email: string
  passwordHash: string | null
  role?: 'user' | 'admin'
  emailVerifiedAt?: Date
}

const publicColumns = { id: true, username: true, status: true, createdAt: true } as const

export type PublicColumns = Pick<User, keyof typeof publicColumns>

type UserChange = Partial<
  Pick<
    User,
    'username' | 'email' | 'pendingEmail' | 'emailVerifiedAt' | 'passwordHash' | 'status' | 'role'
  >
>

/** Somebody who proved to be this user, and with which credentials. */
export type ProvenUser = Pick<User, 'id' | 'credentialsVersion'>

/** What a change was decided on: it counts only if that still holds. */
type KnownUser = Pick<User, 'id'> &
  Partial<Pick<User, 'email' | 'pendingEmail' | 'credentialsVersion' | 'role' | 'status'>>

export function createUserRepository(db: DbFor<'user'>) {
  return {
    create,
    findPage,
    findPublicPage,
    findDeletedPage,
    findById,
    findByIds,
    findByEmail,
    hasUsername,
    findDeletedById,
    findByIdEvenDeleted,
    hasOrHadAdmin,
    noteLogin,
    hold,
    voidLogIns,
    update,
    updateIf,
    renewHash,
    removeIf,
    restore,
    findDeletedBetween,
    holdDeleted,
    purge,
    countActiveAdmins,
  }

  /** Throws a conflict that names the taken value. */
  function create(data: NewUser): Promise<User> {
    return db.user.create({ data }).catch(tellTakenValue)
  }

  function findPage(list: PageRequest): Promise<Page<User>> {
    return db.user.findPage({ list })
  }

  /** Only what everybody may see leaves the database. */
  function findPublicPage(list: PageRequest): Promise<Page<PublicColumns>> {
    return db.user.findPage({ list, select: publicColumns })
  }

  function findDeletedPage(list: PageRequest): Promise<Page<User>> {
    return db.user.findPage({ where: onlyDeleted, list })
  }

  function findById(id: number): Promise<User | null> {
    return db.user.findUnique({ where: { id } })
  }

  function findByIds(ids: readonly number[]): Promise<User[]> {
    return db.user.findMany({ where: { id: { in: [...ids] } } })
  }

  function findByEmail(email: string): Promise<User | null> {
    return db.user.findFirst({ where: { email } })
  }

  /** Whether somebody has it, in whatever case. `in`, because Prisma makes `lower(…)` of that, which has an index, and `ILIKE` of `equals`. */
  async function hasUsername(username: string): Promise<boolean> {
    const where = { username: { in: [username], mode: 'insensitive' as const } }
    return (await db.user.findFirst({ where, select: { id: true } })) !== null
  }

  function findDeletedById(id: number): Promise<User | null> {
    return db.user.findFirst({ where: { id, ...onlyDeleted } })
  }

  function findByIdEvenDeleted(id: number): Promise<User | null> {
    return db.user.findUnique({ where: { id, ...withDeleted } })
  }

  /** Whether an account is an administrator's, a deleted or inactive one included. */
  async function hasOrHadAdmin(): Promise<boolean> {
    const where = { role: 'admin' as const, ...withDeleted }
    return (await db.user.findFirst({ where, select: { id: true } })) !== null
  }

  /**
   * Holds the row until the transaction ends. False when the account or its credentials (not only
   * the hash) are no longer what they were.
   */
  async function noteLogin({ id, credentialsVersion }: ProvenUser, now: Date): Promise<boolean> {
    return changeUnseen({ id, credentialsVersion, status: 'active' }, { lastLoginAt: now })
  }

  /** The same, and notes nothing. */
  async function hold({ id, credentialsVersion }: ProvenUser): Promise<boolean> {
    return changeUnseen({ id, credentialsVersion }, {})
  }

  /**
   * Refuses the log-ins that are under way, because they were decided on other credentials. Holds
   * the row until the transaction ends. False when the account is gone.
   */
  async function voidLogIns(id: number): Promise<boolean> {
    return changeUnseen({ id }, { credentialsVersion: { increment: 1 } })
  }

  /**
   * A change that is none to its owner: `updatedAt`, which Prisma sets with every change, stays. Somebody else's change may come in between, whose time
   * must not be taken back.
   */
  async function changeUnseen(
    where: Partial<User>,
    data: Pick<UserChange, 'passwordHash'> & {
      lastLoginAt?: Date
      credentialsVersion?: { increment: 1 }
    },
  ): Promise<boolean> {
    for (;;) {
      const user = await db.user.findFirst({ where, select: { updatedAt: true } })
      if (!user) return false
      const { count } = await db.user.updateMany({
        where: { ...where, ...user },
        data: { ...data, ...user },
      })
      if (count > 0) return true
    }
  }

  /** Throws a conflict that names the taken value. */
  function update(id: number, change: UserChange): Promise<User> {
    return db.user.update({ where: { id }, data: counted(change) }).catch(tellTakenValue)
  }

  /** Null when the account is gone, or no longer what it was. Throws a conflict that names the taken value. */
  async function updateIf(known: KnownUser, change: UserChange): Promise<User | null> {
    const [user] = await db.user
      .updateManyAndReturn({ where: known, data: counted(change) })
      .catch(tellTakenValue)
    return user ?? null
  }

  /** Another hash of the same password, which changes nothing that anybody sees. False when the hash is no longer what it was. */
  function renewHash({ id, passwordHash }: User, renewed: string): Promise<boolean> {
    return changeUnseen({ id, passwordHash }, { passwordHash: renewed })
  }

  /** False when the account is gone, or no longer what it was. */
  async function removeIf(known: KnownUser): Promise<boolean> {
    const { count } = await db.user.deleteMany({ where: known })
    return count > 0
  }

  /** Null when it is not deleted. Throws a conflict that names the value that was taken meanwhile. */
  function restore(id: number): Promise<User | null> {
    return db.user.restore({ where: { id } }).catch((error: unknown) => {
      if (error instanceof AppError && error.kind === 'not_found') return null
      return tellTakenValue(error)
    })
  }

  /** The first so many users that were deleted then, the longest deleted first. */
  function findDeletedBetween(
    { from, before }: { from: Date; before: Date },
    limit: number,
  ): Promise<Pick<User, 'id' | 'deletedAt'>[]> {
    return db.user.findMany({
      where: { deletedAt: { gte: from, lt: before } },
      select: { id: true, deletedAt: true },
      orderBy: { deletedAt: 'asc' },
      take: limit,
    })
  }

  /**
   * Holds the row until the transaction ends, by a change that nobody reads. False when it was not
   * deleted before, or is gone.
   */
  async function holdDeleted(id: number, before: Date): Promise<boolean> {
    const where = { id, deletedAt: { lt: before } }
    const { count } = await db.user.updateMany({ where, data: { pendingEmail: null } })
    return count > 0
  }

  /** Takes a deleted user out of the table. */
  async function purge(id: number): Promise<void> {
    await db.user.deletePermanently({ where: { id } })
  }

  function countActiveAdmins(): Promise<number> {
    return db.user.count({ where: { role: 'admin', status: 'active' } })
  }
}

function tellTakenValue(error: unknown): never {
  if (violates(error, 'user_email_key')) throw emailTaken({ cause: error })
  if (violates(error, 'user_username_key')) throw usernameTaken({ cause: error })
  throw error
}

/** A new password is another version of the credentials. */
const counted = (change: UserChange) =>
  change.passwordHash === undefined ? change : { ...change, credentialsVersion: { increment: 1 } }
