import { removeSubscriptions } from '@ashlar/core/events'
import { readArguments, wrongUsage, type Command } from '../command/command-line.ts'
import { requireKnownListener } from './known-listener.ts'
import { withDatabase } from './with-database.ts'

export const unsubscribe: Command = async (args, print) => {
  const [listenerId, ...rest] = readArguments(args, {}).positionals
  if (!listenerId || rest.length > 0) throw wrongUsage('events unsubscribe LISTENER')
  return withDatabase(async (core) => {
    await requireKnownListener(core, listenerId)
    const settled = await removeSubscriptions(core.database.pool, { listenerId }, 'finished')
    print(`${listenerId}: unsubscribed, and ${settled} deliveries counted as done`)
    print('A release that still declares it subscribes it again within the hour.')
  })
}
