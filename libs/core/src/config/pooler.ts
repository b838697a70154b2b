import type { ConfigMisfit, Given } from './define-config.ts'

/**
 * Behind a pooler, LISTEN hears nothing, and the lock of a migration stays on a connection that the
 * pooler lends to others. Both fail silently, so the address without it is required at the start.
 */
export function findPoolerMisfits({
  DATABASE_URL: url,
  DATABASE_DIRECT_URL: direct,
  DATABASE_POOLER: pooler,
}: Given<
  'DATABASE_URL' | 'DATABASE_DIRECT_URL' | 'DATABASE_POOLER'
>): ConfigMisfit<'DATABASE_DIRECT_URL'>[] {
  if (pooler !== 'true' || (direct !== undefined && direct !== url)) return []
  const state = direct === undefined ? 'is missing' : 'is the same as DATABASE_URL'
  const problem =
    `${state} while DATABASE_POOLER is true: LISTEN and migrations need a session of their own. ` +
    'Set it to the address of PostgreSQL itself, without the pooler'
  return [{ key: 'DATABASE_DIRECT_URL', problem }]
}
