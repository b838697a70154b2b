import { mapErrors } from './database-errors.extension.ts'
import { findPage } from './find-page.extension.ts'
import type { PrismaClient } from './generated/client.ts'
import { relations } from './generated/relations.ts'
import { createSharedReads } from './shared-reads.ts'
import { hideDeleted } from './soft-delete.extension.ts'
import { softDelete } from './soft-delete.methods.ts'

/** The order matters: deletions that are final leave out what comes after `mapErrors`, and pages are found through what hides deleted rows. */
export const extendClient = (client: PrismaClient, { poolSize }: { poolSize: number }) => {
  const parent = client
    .$extends(hideDeleted(relations))
    .$extends(mapErrors)
    .$extends(softDelete(relations))
  return parent.$extends(findPage(createSharedReads({ poolSize, parent })))
}
