import { AsyncLocalStorage } from 'node:async_hooks'

/** What belongs to one request or one job and appears in each of its log lines. */
export interface RequestContext {
  requestId?: string
  jobId?: string
  userId?: number
}

const storage = new AsyncLocalStorage<RequestContext>()

/** The context travels along `await` without being passed. It is for logs and traces only: no behaviour may depend on it. */
export const requestContext = {
  run: <T>(context: RequestContext, work: () => T): T => storage.run(context, work),
  current: (): RequestContext | undefined => storage.getStore(),
}
