export interface PostgresOptions {
  dataDir: string
  port: number
  user: string
  password: string
  /** Made together with the data directory. */
  database?: string
  /** False gives up safety on a crash for speed: right for tests. */
  durable: boolean
  /** Zone of sessions that request none; UTC if unset. */
  timeZone?: string
  logFile?: string
  /** Address of the primary that it follows, on a copy of whose data directory it runs. */
  standbyOf?: string
}
