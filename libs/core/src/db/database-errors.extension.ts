import { toChangeError, toDatabaseError } from './database-errors.ts'
import { Prisma } from './generated/client.ts'
import { askAgainIfLost } from './reader.ts'

const reads = new Set<string>([
  'findUnique',
  'findUniqueOrThrow',
  'findFirst',
  'findFirstOrThrow',
  'findMany',
  'count',
  'aggregate',
  'groupBy',
])

/**
 * Every query fails with the errors of {@link toDatabaseError}, a change with those of {@link
 * toChangeError}. A read whose connection broke is asked once more.
 */
export const mapErrors = Prisma.defineExtension({
  name: 'map-errors',
  query: {
    async $allOperations(asked): Promise<unknown> {
      const run = async (): Promise<unknown> => asked.query(asked.args)
      const repeatable = reads.has(asked.operation) && !isInTransaction(asked)
      try {
        return await (repeatable ? askAgainIfLost(run) : run())
      } catch (error) {
        throw mayChange(asked) ? toChangeError(error) : toDatabaseError(error)
      }
    },
  },
})

/**
 * A statement in a transaction changes nothing without its `COMMIT`, which is not sent after an
 * error.
 */
const mayChange = (asked: { operation: string }): boolean =>
  !reads.has(asked.operation) && !isInTransaction(asked)

/** The rest of a transaction is lost with its connection. Prisma tells its extensions, but not their types. */
function isInTransaction(asked: object): boolean {
  const { __internalParams: internal } = asked as { __internalParams?: { transaction?: unknown } }
  return internal?.transaction !== undefined
}
