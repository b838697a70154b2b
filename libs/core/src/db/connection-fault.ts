import { certificateFault } from '../errors/index.ts'

/**
 * Says what is wrong with a connection that fails for a reason that waiting does not mend: a
 * certificate, or a server without TLS. Undefined for any other error.
 */
export function connectionFault(error: unknown): string | undefined {
  if ((error as Error | undefined)?.message === withoutTls)
    return 'The server does not offer TLS, and the address asks for it. Switch TLS on at the server, or leave sslmode out.'
  return certificateFault(error, {
    unknownAuthority:
      'Or name the file in the address: sslmode=verify-full&sslrootcert=<file>. sslmode=no-verify encrypts and checks nothing.',
    otherName:
      'With sslrootcert=<file>, uselibpqcompat=true&sslmode=verify-ca checks the authority and not the name.',
  })
}

// The driver has no code for it.
const withoutTls = 'The server does not support SSL connections'

/** The schema to which names in SQL lead that name none. Null if there is no such schema. */
export const schemaQuery = 'SELECT current_schema() AS schema'

/**
 * The one schema in which the tables live: Prisma names it, and SQL by hand leaves it to the
 * search_path.
 */
const tables = 'public'

/**
 * Says why a connection cannot be used, where unqualified names lead to another schema: Prisma, SQL
 * by hand and migrations would each use tables of their own. Undefined if they lead to that of the
 * tables.
 */
export function schemaFault(schema: string | null | undefined): string | undefined {
  if (schema === tables) return undefined
  return (
    `leads to ${schema ? `the schema "${schema}"` : 'no schema'} by the search_path of its user, but all tables live in "${tables}". ` +
    `Let an administrator run: CREATE SCHEMA IF NOT EXISTS ${tables}; GRANT ALL ON SCHEMA ${tables} TO …; ` +
    `ALTER ROLE … IN DATABASE … SET search_path = ${tables};`
  )
}

/**
 * Why a connection to a standby cannot be used. A primary that is read-only by its settings is
 * none: no other server would take writes instead, and reads go on.
 */
export const standbyFault =
  'leads to a standby, which takes no writes, as after a failover. ' +
  'New connections are tried again and again; if this goes on, let the name of the host lead to the primary.'
