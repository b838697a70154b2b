/** Where migrations come from and go to. */
export interface MigrationSource {
  /** A direct connection, without a pooler in transaction mode between (`DATABASE_DIRECT_URL`). */
  databaseUrl: string
  /** The folder with `schema/` and `migrations/`. */
  prismaDir: string
}
