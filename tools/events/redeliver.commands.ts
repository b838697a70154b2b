import { z } from 'zod'
import {
  createEventRedelivery,
  type DeliverySelection,
  type OnProgress,
  type ReplaySelection,
} from '@ashlar/core/events'
import { readArguments, wrongUsage, type Command, type Print } from '../command/command-line.ts'
import { requireKnownListener } from './known-listener.ts'
import { readSelection } from './selection.ts'
import { withDatabase } from './with-database.ts'

type Redelivery = ReturnType<typeof createEventRedelivery>

const listener = { type: 'string' } as const

export const retry: Command = async (args, print) => {
  const { values, positionals } = readArguments(args, {
    dead: { type: 'boolean', default: false },
    listener,
  })
  if (values.dead === positionals.length > 0 || (values.listener && !values.dead))
    throw wrongUsage('events retry ID[.LISTENER]…, or: events retry --dead [--listener NAME]')
  const chosen = values.dead ? [{ listenerId: values.listener }] : positionals.map(readSelection)
  return change(({ retry }) => retry, 'owed again', chosen, print)
}

export const skip: Command = async (args, print) => {
  const chosen = readArguments(args, {}).positionals.map(readSelection)
  if (chosen.length === 0 || chosen.some(({ listenerId }) => !listenerId))
    throw wrongUsage('events skip ID.LISTENER…')
  return change(({ skip }) => skip, 'counted as done', chosen, print)
}

export const replay: Command = async (args, print) => {
  const { values, positionals } = readArguments(args, { listener, since: { type: 'string' } })
  const byTime = values.listener !== undefined && values.since !== undefined
  if (byTime === positionals.length > 0 || (!byTime && (values.listener || values.since)))
    throw wrongUsage(
      'events replay ID[.LISTENER]…, or: events replay --listener NAME --since 2026-01-31T00:00Z',
    )
  const chosen: ReplaySelection[] = byTime
    ? [{ listenerId: values.listener, since: readTime(values.since ?? '') }]
    : positionals.map(readSelection)
  return change(({ replay }) => replay, 'owed again', chosen, print)
}

type Change<Chosen> = (chosen: Chosen, onProgress: OnProgress) => Promise<number>

/** False when one of them changed nothing. */
function change<Chosen extends DeliverySelection>(
  choose: (redelivery: Redelivery) => Change<Chosen>,
  what: string,
  chosen: Chosen[],
  print: Print,
) {
  return withDatabase(async (core) => {
    const apply = choose(createEventRedelivery(core.database.pool))
    let inOrder = true
    for (const each of chosen) {
      const count = await apply(each, tellEvery(progressEvery, what, print))
      const { eventId, listenerId } = each
      if (count === 0 && listenerId && !eventId) await requireKnownListener(core, listenerId)
      const name = [eventId, listenerId].filter(Boolean).join('.') || 'All'
      print(`${name}: ${count} ${what}`)
      inOrder &&= count > 0 || !eventId
    }
    return inOrder
  })
}

/** Long changes go on for minutes. */
const progressEvery = 20_000

function tellEvery(step: number, what: string, print: Print): OnProgress {
  let told = 0
  return (changed) => {
    if (changed - told < step) return
    told = changed
    print(`${changed} ${what} so far`)
  }
}

/** A time without a zone would be read in the zone of the machine. */
const time = z.union([
  z.iso.date(),
  z.iso.datetime({ offset: true }),
  z.iso.datetime({ offset: true, precision: -1 }),
])

function readTime(text: string): Date {
  const read = time.safeParse(text)
  if (!read.success)
    throw wrongUsage(`--since ${text} is no time. Write it like 2026-01-31 or 2026-01-31T08:00Z.`)
  return new Date(read.data)
}
