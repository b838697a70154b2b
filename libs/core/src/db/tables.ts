import type { extendClient } from './extend-client.ts'
import type { Prisma } from './generated/client.ts'

/** The extended Prisma client. */
export type Db = ReturnType<typeof extendClient>

/** Names of the tables, as the client spells them. */
export type TableName = Uncapitalize<Prisma.ModelName>

/** The tables that one module owns. Its repositories take this and can reach no other. */
export type DbFor<Owned extends TableName> = Pick<Db, Owned>

/** A row of a table, with every column and no relation. */
export type Row<Table extends TableName> =
  Prisma.TypeMap['model'][Capitalize<Table>]['payload']['scalars']
