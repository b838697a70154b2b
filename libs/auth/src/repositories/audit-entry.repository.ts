import type { DbFor, Page, PageRequest, Row } from '@ashlar/core/db'
import type { AuditAction } from '../schemas/audit.schema.ts'
import { clientColumns, type Client } from './client.ts'

export type AuditEntryRow = Row<'auditEntry'>
export type AuditEntryRepository = ReturnType<typeof createAuditEntryRepository>

interface NewAuditEntry {
  action: AuditAction
  /** Who did it, if somebody proved to be one. */
  actorId?: number | undefined
  /** Whose account it was done to. */
  userId?: number | undefined
  /** Never a secret, and nothing that somebody typed. */
  details?: Record<string, string>
  client: Client
  at: Date
}

export function createAuditEntryRepository(db: DbFor<'auditEntry'>) {
  return { record, findPage, deleteBefore }

  /** To be called in the transaction of what it tells, so that neither is there without the other. */
  async function record({ client, at, ...entry }: NewAuditEntry): Promise<void> {
    await db.auditEntry.create({
      data: {
        ...entry,
        // Nulls and not absences, so that the statement is the same for an account that is not there.
        actorId: entry.actorId ?? null,
        userId: entry.userId ?? null,
        ...clientColumns(client),
        requestId: client.requestId ?? null,
        createdAt: at,
      },
    })
  }

  function findPage(list: PageRequest): Promise<Page<AuditEntryRow>> {
    return db.auditEntry.findPage({ list })
  }

  function deleteBefore(before: Date, signal: AbortSignal): Promise<number> {
    return db.auditEntry.deleteInBatches({
      where: { createdAt: { lt: before } },
      by: 'createdAt',
      signal,
    })
  }
}
