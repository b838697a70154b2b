import { toDatabaseError } from './database-errors.ts'
import { Prisma } from './generated/client.ts'

/** Every query fails with the errors of {@link toDatabaseError}. */
export const mapErrors = Prisma.defineExtension({
  name: 'map-errors',
  query: {
    async $allOperations({ args, query }): Promise<unknown> {
      try {
        return await query(args)
      } catch (error) {
        throw toDatabaseError(error)
      }
    },
  },
})
