import { createBullBoard } from '@bull-board/api'
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter'
import { ExpressAdapter } from '@bull-board/express'
import type { Express } from 'express'
import type { Queues } from '@ashlar/core/queue'
import { hasMask, withoutSecrets } from './without-secrets.ts'

export interface BoardDeps {
  appName: string
  queues: Pick<Queues, 'get'>
  /** Which of them to show. */
  names: readonly string[]
}

/** Bull-Board as an Express app that lives at `/queues`. What it tells of jobs has no secrets in it. */
export function createBoard({ appName, queues, names }: BoardDeps): Express {
  const serverAdapter = new ExpressAdapter()
  serverAdapter.setBasePath('/queues')
  createBullBoard({
    queues: names.map((name) => new BullMQAdapter(queues.get(name), { delimiter: '.' })),
    serverAdapter,
    options: {
      uiConfig: {
        boardTitle: `${appName} queues`,
        miscLinks: [{ text: 'Account and log-out', url: '/account' }],
        hideDocsLink: true,
      },
      handlerHooks: {
        before: ({ request }) => (hasMask(request.body) ? maskWouldBeStored : undefined),
        // Here and not in formatters, which see neither errors nor logs nor options nor schedulers.
        after: (_context, result) => ({ ...result, body: withoutSecrets(result.body) }),
      },
    },
  })
  // Its own would tell the caller the message of whatever was thrown; ours stand at the end of the app.
  serverAdapter.setErrorHandler((error) => {
    throw error
  })
  return serverAdapter.getRouter() as Express
}

/** Who edits or duplicates a job whose secrets are masked would store the mask in their place. */
const maskWouldBeStored = {
  allow: false,
  status: 409 as const,
  message: 'The data holds masked secrets, and would lose them.',
}
