import type { Settings } from '../dev/settings.ts'
import { ExpectedFault } from '../servers/expected-fault.ts'
import { waitFor } from './wait-for.ts'

interface CaughtMail {
  id: string
  subject: string
  text: string
  to: { address: string }[]
}

export interface FoundMail {
  subject: string
  receivedAt: Date
  link: string
  /** Where the link with a token leads, if the mail has one. */
  page: string | undefined
}

/** Finds as many mails in the development inbox as were sent, in the order of their coming. Null when mails go to a server of the user's own. */
export async function findMails(
  { embedded, ports }: Settings,
  address: string,
  sent: Promise<number>,
): Promise<FoundMail[] | null> {
  if (!embedded.mail) return null
  const inbox = `http://localhost:${ports.MAIL_UI_PORT}`
  const found = new Map<string, FoundMail>()
  let expected = Infinity
  void sent.then(
    (count) => (expected = count),
    () => (expected = 0),
  )
  // Until long after it is known whether there are any.
  const withinMs = 60_000
  await waitFor(async () => {
    const mails = (await (await fetch(`${inbox}/api/email`)).json()) as CaughtMail[]
    const own = mails.filter(({ to }) => to.some((recipient) => recipient.address === address))
    // The inbox itself tells whole seconds only.
    for (const { id, subject, text } of own.filter(({ id }) => !found.has(id))) {
      const [page] = /^http\S+\?token=\S+$/m.exec(text) ?? []
      found.set(id, { subject, receivedAt: new Date(), link: `${inbox}/#/email/${id}`, page })
    }
    return found.size >= expected ? true : undefined
  }, withinMs)
  if (found.size < expected)
    throw new ExpectedFault(
      `${found.size} of ${expected} mails to ${address} came to ${inbox} within a minute.`,
    )
  return [...found.values()]
}
