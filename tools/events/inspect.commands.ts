import {
  createEventInspection,
  type InspectedEvent,
  type ListedDelivery,
} from '@ashlar/core/events'
import { readArguments, wrongUsage, type Command } from '../command/command-line.ts'
import { formatTable } from '../command/table.ts'
import { requireKnownListener } from './known-listener.ts'
import { readSelection } from './selection.ts'
import { withDatabase } from './with-database.ts'

const defaultLimit = 50
const flag = { type: 'boolean', default: false } as const
const text = { type: 'string' } as const

export const list: Command = async (args, print) => {
  const { values, positionals } = readArguments(args, {
    dead: flag,
    held: flag,
    pending: flag,
    listener: text,
    limit: { type: 'string', default: String(defaultLimit) },
  })
  const of = (['dead', 'held', 'pending'] as const).filter((state) => values[state])
  if (positionals.length > 0 || of.length > 1)
    throw wrongUsage('events list [--dead | --held | --pending] [--listener NAME] [--limit 50]')
  const limit = readLimit(values.limit)
  await withDatabase(async (core) => {
    const rows = await createEventInspection(core.database.pool).list({
      of: of[0],
      listenerId: values.listener,
      limit,
    })
    if (rows.length === 0 && values.listener) await requireKnownListener(core, values.listener)
    if (rows.length === 0) return print('Nothing is left to do.')
    for (const line of formatTable(listHeadings, rows.map(toCells))) print(line)
    if (rows.length === limit) print(`\nThese are ${limit} of the oldest. More with: --limit`)
    if (rows.some(({ standing }) => standing === 'dead'))
      print('\nDeliver again: npm run events -- retry ID[.LISTENER]')
  })
}

export const show: Command = async (args, print) => {
  const { positionals } = readArguments(args, {})
  const [text, ...rest] = positionals
  if (!text || rest.length > 0) throw wrongUsage('events show ID')
  const { eventId } = readSelection(text)
  return withDatabase(async ({ database }) => {
    const event = await createEventInspection(database.pool).find(eventId)
    for (const line of event ? describe(event) : [`There is no event ${eventId}.`]) print(line)
    return event !== null
  })
}

const listHeadings = ['EVENT', 'NAME', 'LISTENER', 'STATE', 'OCCURRED', 'ERROR']

const toCells = (row: ListedDelivery): string[] => [
  row.eventId,
  row.name,
  row.listenerId ?? '-',
  row.standing,
  row.occurredAt.toISOString(),
  row.error ?? '',
]

function describe({ deliveries, ...event }: InspectedEvent): string[] {
  const facts = [
    ['Event', event.id],
    ['Name', event.name],
    ['Key', event.key ?? '-'],
    ['Occurred', event.occurredAt.toISOString()],
    ['Published', event.publishedAt?.toISOString() ?? 'not yet'],
    ['Payload', JSON.stringify(event.payload)],
  ].map(([label = '', value]) => `${label.padEnd(10)}${value}`)
  if (deliveries.length === 0) return [...facts, '', 'It has no deliveries.']
  const rows = deliveries.map(({ listenerId, standing, orderKey, changedAt, error }) => [
    listenerId,
    standing,
    orderKey === null ? '-' : 'by key',
    changedAt?.toISOString() ?? '-',
    error ?? '',
  ])
  return [...facts, '', ...formatTable(['LISTENER', 'STATE', 'ORDER', 'SINCE', 'ERROR'], rows)]
}

function readLimit(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw wrongUsage(`--limit ${text} is not a number from 1 on`)
  return Number(text)
}
