import type { Settings } from '../dev/settings.ts'
import { ExpectedFault } from '../servers/expected-fault.ts'
import { waitFor } from './wait-for.ts'

interface CaughtMail {
  id: string
  subject: string
  to: { address: string }[]
}

/** Finds the mail in the development inbox. Null when mails go to a server of the user's own. */
export async function findMail({ embedded, ports }: Settings, address: string) {
  if (!embedded.mail) return null
  const inbox = `http://localhost:${ports.MAIL_UI_PORT}`
  const mail = await waitFor(async () => {
    const mails = (await (await fetch(`${inbox}/api/email`)).json()) as CaughtMail[]
    return mails.find(({ to }) => to.some((recipient) => recipient.address === address))
  })
  if (!mail) throw new ExpectedFault(`No mail to ${address} came to ${inbox} within 30 seconds.`)
  return {
    subject: mail.subject,
    // The inbox itself tells whole seconds only.
    receivedAt: new Date(),
    link: `${inbox}/#/email/${mail.id}`,
  }
}
