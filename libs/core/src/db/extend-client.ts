import { mapErrors } from './database-errors.extension.ts'
import { findPage } from './find-page.extension.ts'
import type { PrismaClient } from './generated/client.ts'
import { hideDeleted, softDelete } from './soft-delete.extension.ts'

/** The order matters: errors are mapped outermost, pages are found through the filter that hides deleted rows. */
export const extendClient = (client: PrismaClient) =>
  client.$extends(hideDeleted).$extends(softDelete).$extends(findPage()).$extends(mapErrors)
