import type { DestinationStream } from 'pino'

export interface LineBuffer extends DestinationStream {
  /** Writes what waits. pino calls it after a fatal line. */
  flushSync(): void
}

const mostBytes = 16_384
/** How long a line may wait: what a process that is killed by force may lose. */
const longestMs = 20

/**
 * Collects lines and writes many at once. What waits is written when the process ends, whether by `process.exit`, a signal that is handled, or an
 * exception. Written synchronously, because what is on its way in another thread is lost, or comes out of order, when a process exits.
 */
export function createLineBuffer(output: DestinationStream): LineBuffer {
  let waiting = ''
  let timer: NodeJS.Timeout | undefined
  process.on('exit', flushSync)
  return { write, flushSync }

  function write(line: string): void {
    waiting += line
    if (waiting.length >= mostBytes) flushSync()
    else timer ??= setTimeout(flushSync, longestMs).unref()
  }

  function flushSync(): void {
    clearTimeout(timer)
    timer = undefined
    const lines = waiting
    waiting = ''
    if (lines) output.write(lines)
  }
}
