import { duration } from '@ashlar/core/config'
import { pruneEvents } from '@ashlar/core/events'
import { readArguments, wrongUsage, type Command } from '../command/command-line.ts'
import { withDatabase } from './with-database.ts'

/** Without a time span, what the scheduled task does: EVENT_RETENTION. */
export const prune: Command = async (args, print) => {
  const { values, positionals } = readArguments(args, { 'older-than': { type: 'string' } })
  if (positionals.length > 0) throw wrongUsage('events prune [--older-than 7d]')
  const given = values['older-than'] === undefined ? undefined : readSpan(values['older-than'])
  await withDatabase(async ({ database, config }) => {
    const pruned = await pruneEvents(database.pool, given ?? config.eventRetentionMs)
    print(`Deleted ${pruned} events that every listener had finished.`)
  })
}

function readSpan(text: string): number {
  const span = duration().safeParse(text)
  if (!span.success) throw wrongUsage(`--older-than ${span.error.issues[0]?.message}`)
  return span.data
}
