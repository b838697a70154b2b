import { mapPage } from '@ashlar/core/db'
import { createRoutes } from '@ashlar/core/http'
import { defineList, integer, oneOf, text, time, uuid } from '@ashlar/core/list'
import type { AuthGuards } from '../guards/auth.guards.ts'
import { canReadAuditTrail } from '../policies/user.policy.ts'
import type { AuditEntryRepository, AuditEntryRow } from '../repositories/audit-entry.repository.ts'
import { auditActions, AuditDetails, AuditEntry } from '../schemas/audit.schema.ts'

/** In time order only: whoever looks for somebody filters. */
export const auditList = defineList({
  fields: {
    id: uuid(),
    action: oneOf(auditActions),
    actorId: integer({ nullable: true }),
    userId: integer({ nullable: true }),
    address: text({ nullable: true }),
    requestId: text({ nullable: true }),
    createdAt: time(),
  },
  sort: ['createdAt'],
  filter: ['id', 'action', 'actorId', 'userId', 'address', 'requestId', 'createdAt'],
  defaultSort: 'createdAt:desc',
  perPage: 20,
})

export function auditRoutes(
  entries: Pick<AuditEntryRepository, 'findPage'>,
  { activeUser }: AuthGuards,
) {
  const routes = createRoutes({
    prefix: '/audit',
    tag: 'Audit trail',
    description: 'Who did what to whom, when and from where.',
  })

  routes.get(
    '/',
    {
      summary: 'List security events',
      description: 'For administrators. The newest come first.',
      guard: activeUser,
      policy: ({ user }) => canReadAuditTrail(user),
      list: auditList,
      response: AuditEntry,
    },
    async ({ list }) => mapPage(await entries.findPage(list), toAuditEntry),
  )

  return routes
}

/** Another version may have written details of another form: they are left out. */
const toAuditEntry = ({ createdAt, details, ...entry }: AuditEntryRow): AuditEntry => ({
  ...entry,
  details: AuditDetails.safeParse(details).data ?? null,
  createdAt: createdAt.toISOString(),
})
