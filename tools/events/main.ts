// npm run events -- <command>. In an image: node tools/events/main.js <command>.
import { runCommandLine } from '../command/command-line.ts'
import { list, show } from './inspect.commands.ts'
import { prune } from './prune.command.ts'
import { replay, retry, skip } from './redeliver.commands.ts'
import { unsubscribe } from './unsubscribe.command.ts'

const usage = `Usage: events <command>

  list [--dead | --held | --pending]
                                  what is not finished, oldest first; --listener NAME, --limit 50
  show ID                         an event, its payload, and what became of it at each listener
  retry ID[.LISTENER]… | --dead   give dead deliveries all their attempts again; --listener NAME
  skip ID.LISTENER…               count unfinished deliveries as done; the next of their key goes on
  replay ID[.LISTENER]…           deliver again what was finished, or to a listener that is new
  replay --listener NAME --since TIME
                                  the same for every event of a listener since then (ISO 8601)
  unsubscribe LISTENER            end what a listener or task that is gone is owed, and deliver no more
  prune [--older-than 7d]         delete what every listener has finished

All of it is written to PostgreSQL; the workers do the rest within a second or two.
`

void runCommandLine({ usage, commands: { list, show, retry, skip, replay, unsubscribe, prune } })
