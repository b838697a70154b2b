import { Gauge } from 'prom-client'
import type { Metrics } from './metrics.ts'

export interface DatabasePoolDeps {
  metrics: Pick<Metrics, 'registry'>
  /** A `pg.Pool`. */
  pool: { totalCount: number; idleCount: number; waitingCount: number }
}

/** Exports `database_pool_connections`, read from the pool at each scrape. */
export function measureDatabasePool({ metrics, pool }: DatabasePoolDeps): void {
  new Gauge({
    name: 'database_pool_connections',
    help: 'Connections of the PostgreSQL pool (total, idle), and callers that wait for one (waiting).',
    labelNames: ['state'],
    registers: [metrics.registry],
    collect() {
      this.set({ state: 'total' }, pool.totalCount)
      this.set({ state: 'idle' }, pool.idleCount)
      this.set({ state: 'waiting' }, pool.waitingCount)
    },
  })
}
