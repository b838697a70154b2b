import type { Client } from 'pg'
import { connectionFault, schemaFault, schemaQuery } from '../connection-fault.ts'
import { SessionTimeZoneError, UtcClient } from '../utc-client.ts'
import {
  DatabaseUnavailableError,
  hasState,
  isPostgresError,
  isUnavailable,
  MigrationError,
  sqlState,
} from './migration.errors.ts'

const connectTimeoutMs = 5_000

/** Runs `work` on one connection to the database. Faults of the connection come as {@link MigrationError}. */
export async function withConnection<Result>(
  databaseUrl: string,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = await connect(databaseUrl)
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** Creates the database of the address unless it is there. */
export async function ensureDatabase(databaseUrl: string): Promise<void> {
  try {
    await withConnection(databaseUrl, () => Promise.resolve())
  } catch (error) {
    if (!(error instanceof MigrationError) || !hasState(error.cause, sqlState.unknownDatabase))
      throw error
    await createDatabase(databaseUrl)
  }
}

/** The address of another database on the same server. */
export function withDatabase(databaseUrl: string, name: string): string {
  const url = new URL(databaseUrl)
  url.pathname = `/${encodeURIComponent(name)}`
  return url.href
}

/** As the driver reads it: without one, the user's name. */
export function databaseName(databaseUrl: string): string {
  const { pathname, username } = new URL(databaseUrl)
  return decodeURIComponent(pathname.slice(1) || username)
}

/** Throws where names in SQL would lead to another schema than that of the tables. */
export async function refuseOtherSchema(client: Client): Promise<void> {
  const { rows } = await client.query<{ schema: string | null }>(schemaQuery)
  const fault = schemaFault(rows[0]?.schema)
  if (fault) throw new MigrationError(`DATABASE_URL ${fault}`)
}

export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`

async function connect(databaseUrl: string): Promise<Client> {
  const client = new UtcClient({
    connectionString: databaseUrl,
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    application_name: 'migrations',
  })
  // An idle connection that is cut would otherwise end the process; the next statement reports it.
  client.on('error', () => undefined)
  try {
    await client.connect()
    return client
  } catch (error) {
    throw describeFailure(databaseUrl, error)
  }
}

async function createDatabase(databaseUrl: string): Promise<void> {
  const name = databaseName(databaseUrl)
  const maintenanceUrl = withDatabase(databaseUrl, 'postgres')
  try {
    await withConnection(maintenanceUrl, (client) =>
      client.query(`CREATE DATABASE ${quoteName(name)}`),
    )
  } catch (error) {
    // Two processes at once: the loser sees one of these.
    if (hasState(error, sqlState.duplicateDatabase, sqlState.uniqueViolation)) return
    const user = decodeURIComponent(new URL(databaseUrl).username)
    const reason = error instanceof Error ? error.message : String(error)
    throw new MigrationError(
      `The database "${name}" does not exist and could not be created (${reason}).\n` +
        `Let an administrator run: CREATE DATABASE ${quoteName(name)} OWNER ${quoteName(user)};`,
      { cause: error },
    )
  }
}

function describeFailure(databaseUrl: string, error: unknown): MigrationError {
  if (error instanceof SessionTimeZoneError)
    return new MigrationError(error.message, { cause: error })
  const { hostname, port, username } = new URL(databaseUrl)
  const server = `${hostname}:${port || '5432'}`
  const user = decodeURIComponent(username)
  const name = databaseName(databaseUrl)
  if (hasState(error, sqlState.invalidPassword))
    return new MigrationError(
      `PostgreSQL at ${server} refuses the user "${user}": wrong name or password in DATABASE_URL.`,
      { cause: error },
    )
  if (hasState(error, sqlState.unknownDatabase))
    return new MigrationError(
      `The database "${name}" does not exist at ${server}. Create it with: npm run db:migrate`,
      { cause: error },
    )
  if (isPostgresError(error))
    return new (isUnavailable(error) ? DatabaseUnavailableError : MigrationError)(
      `PostgreSQL at ${server} does not accept the connection: ${error.message} (${error.code}).`,
      { cause: error },
    )
  const fault = connectionFault(error)
  if (fault)
    return new MigrationError(
      `PostgreSQL at ${server} cannot be trusted as it is set up.\n${fault}`,
      {
        cause: error,
      },
    )
  return new DatabaseUnavailableError(
    `PostgreSQL does not answer at ${server} (${reasonOf(error)}). Is it running, and is DATABASE_URL right?`,
    { cause: error },
  )
}

function reasonOf(error: unknown): string {
  // Node tries every address of a name and gathers the refusals.
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0])
  return error instanceof Error ? error.message : String(error)
}
