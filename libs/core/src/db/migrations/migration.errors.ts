/** Something an operator has to know or do before migrations can go on. The message says both, in whole sentences. */
export class MigrationError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'MigrationError'
  }
}

/** PostgreSQL did not answer, or no longer: the same may succeed a little later. */
export class DatabaseUnavailableError extends MigrationError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'DatabaseUnavailableError'
  }
}

/** The part of pg's `DatabaseError` that is read here; the class itself differs between copies of the driver. */
export interface PostgresError extends Error {
  code: string
  detail?: string
  hint?: string
  position?: string
}

/** SQLSTATE conditions that are told apart, see https://www.postgresql.org/docs/current/errcodes-appendix.html */
export const sqlState = {
  invalidPassword: '28P01',
  duplicateDatabase: '42P04',
  uniqueViolation: '23505',
  insufficientPrivilege: '42501',
  lockNotAvailable: '55P03',
  deadlockDetected: '40P01',
  unknownDatabase: '3D000',
  undefinedTable: '42P01',
  insideTransaction: '25001',
  transactionEnd: '2D000',
  unsafeEnumValue: '55P04',
} as const

export const isPostgresError = (error: unknown): error is PostgresError =>
  error instanceof Error && 'code' in error && /^[0-9A-Z]{5}$/.test(String(error.code))

export const hasState = (error: unknown, ...states: string[]): boolean =>
  isPostgresError(error) && states.includes(error.code)

/** Classes 08 (connection) and 57P (shutdown, start), and 53300: no connection is free. */
export const isUnavailable = (error: PostgresError): boolean => /^(08|57P|53300)/.test(error.code)
