// The one place that may take them from pg: the rest of core connects in UTC.
// eslint-disable-next-line @typescript-eslint/no-restricted-imports -- UtcClient and UtcPool are made of them
import { Client, Pool, type ClientConfig, type PoolConfig } from 'pg'

interface ParameterStatus {
  parameterName: string
  parameterValue: string
}

type Connected = (error: Error | null, client?: Client) => void

/** Members of a client that the types of pg leave out. */
interface Inside {
  getStartupConf(): Record<string, string>
  _connect(connected: Connected): void
  connection: {
    on(event: 'parameterStatus', listener: (status: ParameterStatus) => void): void
  }
}

const InsideClient = Client as unknown as new (config?: ClientConfig) => Client & Inside
const utc = /^(Etc\/)?(UTC|UCT|GMT|Universal|Zulu)$/i

/** The session of a new connection is not in UTC, although UTC was requested. */
export class SessionTimeZoneError extends Error {
  /** SQLSTATE of a connection that was rejected. */
  readonly code = '08004'

  constructor(timeZone: string) {
    super(
      `The session is in the time zone ${timeZone}, and times would be stored wrong. ` +
        'Something between here and PostgreSQL sets it: remove the time zone from the configuration of the pooler.',
    )
    this.name = 'SessionTimeZoneError'
  }
}

/**
 * A client of pg whose session is in UTC. Prisma's adapter writes times without a zone and ignores
 * the one of times that it reads, so a session in another zone stores every time wrong by its
 * offset.
 *
 * The zone is a startup parameter: it has precedence over the settings of the server, of the
 * database and of the role, takes no round trip, and PgBouncer carries it over to each connection
 * that it lends out. PgBouncer before 1.20 refuses `options`, and `SET` could be undone. A session
 * that is in another zone all the same is refused.
 */
export class UtcClient extends InsideClient {
  /** As the server said last. */
  #timeZone = 'UTC'

  constructor(config?: ClientConfig) {
    super(config)
    this.connection.on('parameterStatus', ({ parameterName, parameterValue }) => {
      if (parameterName === 'TimeZone') this.#timeZone = parameterValue
    })
  }

  /** False after a statement has changed the time zone of the session. */
  isInUtc(): boolean {
    return utc.test(this.#timeZone)
  }

  override getStartupConf(): Record<string, string> {
    return { ...super.getStartupConf(), TimeZone: 'UTC' }
  }

  /** Behind both forms of `connect`. */
  override _connect(connected: Connected): void {
    super._connect((error, client) => {
      if (error || this.isInUtc()) return connected(error, client)
      void this.end().catch(() => {})
      connected(new SessionTimeZoneError(this.#timeZone))
    })
  }
}

/** A pool of {@link UtcClient}s, or of a class of them. */
export class UtcPool extends Pool {
  constructor(config: PoolConfig) {
    super({ Client: UtcClient, ...config })
  }
}
