import { wrongUsage } from '../command/command-line.ts'

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

export interface Selection {
  eventId: string
  listenerId: string | undefined
}

/** `ID` or `ID.LISTENER`, as list shows them. The name of a listener has a dot as well. */
export function readSelection(text: string): Selection {
  const dot = text.indexOf('.')
  const eventId = dot < 0 ? text : text.slice(0, dot)
  if (!uuid.test(eventId))
    throw wrongUsage(`"${text}" is no event. Take ID or ID.LISTENER from: npm run events -- list`)
  return { eventId, listenerId: dot < 0 ? undefined : text.slice(dot + 1) }
}
