import type { ProjectsStore } from '../projects.store.ts'

export interface OwnedBatches {
  store: ProjectsStore
  ownerId: number
  /** Ends it between two batches, with an error, so that the job is run again. */
  signal: AbortSignal
}

/** So many that one transaction stays short. */
const batch = 200

/**
 * Calls `work` in a transaction for each batch of an owner's projects, deleted ones included. It
 * goes through them by their ids, past none twice, whatever `work` does with them.
 */
export async function forEachBatchOf(
  { store, ownerId, signal }: OwnedBatches,
  work: (store: ProjectsStore, ids: number[]) => Promise<void>,
): Promise<void> {
  let after: number | undefined = 0
  while (after !== undefined) {
    signal.throwIfAborted()
    const ids = await store.projects.findIdsOf(ownerId, { after, limit: batch })
    if (ids.length > 0) await store.transaction((store) => work(store, ids))
    after = ids.at(-1)
  }
}
