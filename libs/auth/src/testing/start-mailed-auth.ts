import type { Environment } from '@ashlar/core/config'
import { eventually, startSmtpServer, startWorker, type TestSmtpServer } from '@ashlar/core/testing'
import { startAuth, type TestAuth } from './start-auth.ts'

export interface MailedAuth extends TestAuth {
  smtp: TestSmtpServer
  /** Waits until every listener has done what the events so far ask for, be it nothing. */
  settled(): Promise<void>
}

/** The auth module with a worker for its events and tasks, and a server that takes its mails. */
export async function startMailedAuth(environment: Environment = {}): Promise<MailedAuth> {
  const smtp = await startSmtpServer()
  const auth = await startAuth({ ...environment, SMTP_URL: smtp.url })
  const worker = await startWorker(auth.core, [auth.module])
  return {
    ...auth,
    smtp,
    async settled() {
      await eventually(async () => {
        const { outboxEvent, eventDelivery } = auth.core.database.client
        const unpublished = await outboxEvent.count({ where: { publishedAt: null } })
        const owed = await eventDelivery.count({ where: { finishedAt: null } })
        return unpublished + owed === 0
      })
    },
    async stop() {
      await worker.stop()
      await auth.stop()
      await smtp.stop()
    },
  }
}
