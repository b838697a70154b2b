/** As much of a user as the rules ask for. */
export interface Actor {
  id: number
  role: 'user' | 'admin'
}

const isAdmin = (actor: Actor): boolean => actor.role === 'admin'

/** E-mail, role and the like; everybody who is signed in sees the rest. */
export const canReadFullUser = (actor: Actor, user: { id: number }): boolean =>
  isAdmin(actor) || actor.id === user.id

/** Also decides who may sort and filter by what only full users show. */
export const canListFullUsers = isAdmin

export const canUpdateUsers = isAdmin

export const canDeleteUsers = isAdmin

export const canRestoreUsers = isAdmin

export const canResetSecondFactors = isAdmin

export const canReadAuditTrail = isAdmin
