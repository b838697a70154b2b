import { createEventInspection } from '@ashlar/core/events'
import type { Core } from '@ashlar/core/module'
import { wrongUsage } from '../command/command-line.ts'

/** For a listener of which nothing was found: one that is gone may have left something, one that never was has a name that is mistyped. */
export async function requireKnownListener({ database }: Core, listenerId: string): Promise<void> {
  const known = await createEventInspection(database.pool).listeners()
  if (!known.includes(listenerId))
    throw wrongUsage(`There is no listener "${listenerId}". There are: ${known.join(', ')}`)
}
