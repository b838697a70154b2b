import { statusOf, type AppError } from '../errors/index.ts'
import { createOutageLog, requestContext, type Logger } from '../logging/index.ts'

const overAfterMs = 5_000

/**
 * Makes the function that logs failures of ours; what a caller did wrong is the caller's to know. A
 * defect is an error with its stack each time. What is away or too busy meets every request, so it
 * is reported by code: the first refusal, then at most every five seconds how many, and when there
 * was none for as long. The line of each request names the code as well.
 */
export function createOperatorLog(log: Logger): (error: AppError) => void {
  const refusals = new Map<string, (error: AppError) => void>()
  return tell

  function tell(error: AppError): void {
    const { kind, code, cause, message } = error
    if (statusOf(kind) < 500) return
    if (kind !== 'unavailable') return log.error({ err: cause ?? error, problem: code }, message)
    let refused = refusals.get(code)
    if (!refused) refusals.set(code, (refused = createRefusalLog(log.child({ problem: code }))))
    refused(error)
  }
}

function createRefusalLog(log: Logger): (error: AppError) => void {
  const outage = createOutageLog(log, 'answering requests', {
    ends: 'no request has failed so for 5 s',
  })
  let timer: NodeJS.Timeout | undefined
  return (error) => {
    outage.failed(error)
    // The end belongs to no request.
    timer ??= requestContext.run({}, () => setTimeout(outage.recovered, overAfterMs).unref())
    timer.refresh()
  }
}
