import type { RequestHandler, Response } from 'express'
import { jobRefused } from '@ashlar/core/errors'
import { send } from '@ashlar/core/http'
import type { RedisConnection } from '@ashlar/core/redis'
import { createInputReader } from './board-input.ts'
import { failureOf, isRefusal, refusalOf } from './board-refusal.ts'
import type { Board, BoardRoute } from './board.ts'
import { hasMask, withoutSecrets } from './without-secrets.ts'

type Result = Awaited<ReturnType<BoardRoute['handler']>>

/** One route of Bull-Board's API. What it tells of jobs has no secrets in it. */
export function serveRoute(
  { queues, uiConfig }: Board,
  redis: Pick<RedisConnection, 'ping'>,
  route: BoardRoute,
): RequestHandler {
  const readInput = createInputReader(route)
  return async (request, response) => {
    const { params } = request
    const input = await readInput(request)
    if (hasMask(input.body)) throw maskWouldBeStored()
    const result = await run({ ...input, params, queues, uiConfig, headers: {} })
    const body = withoutSecrets(result.body)
    if (isRefusal(body)) throw refusalOf(result.status, body)
    sendResult(response, { ...result, body })
  }

  async function run(request: Parameters<BoardRoute['handler']>[0]): Promise<Result> {
    try {
      return await route.handler(request)
    } catch (cause) {
      await redis.ping()
      throw failureOf(cause, route)
    }
  }
}

/** Who edits or duplicates a job whose secrets are masked would store the mask in their place. */
const maskWouldBeStored = () =>
  jobRefused({ detail: 'The data holds masked secrets, and would lose them.' })

function sendResult(response: Response, { status = 200, body }: Result): void {
  response.set('Cache-Control', 'no-store')
  if (status === 204) response.status(status).end()
  else send(response, status, 'application/json', JSON.stringify(body))
}
