/**
 * Spreads work over turns of the event loop, so that what comes in a wave holds nobody up. Runs at
 * most `each` pieces in a turn, in order.
 *
 * @example
 * const inTurn = createTurns(10)
 * for (const stone of [7, 8, 9]) inTurn(() => console.log(stone))
 */
export function createTurns(each: number) {
  let waiting: (() => void)[] = []
  let next = 0
  return inTurn

  function inTurn(work: () => void): void {
    if (waiting.length === 0) setImmediate(run)
    waiting.push(work)
  }

  function run(): void {
    const end = Math.min(next + each, waiting.length)
    while (next < end) waiting[next++]!()
    if (next < waiting.length) return void setImmediate(run)
    waiting = []
    next = 0
  }
}
