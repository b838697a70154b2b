import { pruneEventsTask } from '../events/index.ts'
import { createIdempotencyKeys, purgeIdempotencyKeysTask } from '../idempotency/index.ts'
import type { Core } from './core.ts'
import type { FeatureModule } from './module.ts'

/**
 * The platform's own work, as a module that every process hosts, whatever MODULES says: tasks that keep core's tables small.
 *
 * @example
 * const all = [createCoreModule(core), ...modules]
 */
export function createCoreModule({
  database,
  config,
}: Pick<Core, 'database' | 'config'>): FeatureModule {
  return {
    name: 'core',
    tasks: [
      purgeIdempotencyKeysTask(createIdempotencyKeys(database)),
      pruneEventsTask(database.pool, config.eventRetentionMs),
    ],
    gateway: undefined,
  }
}
