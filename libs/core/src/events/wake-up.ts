/** A sleep that can be cut short, also in advance: a call that comes while nobody sleeps ends the next sleep at once. */
export function createWakeUp() {
  let called = false
  let rise: (() => void) | undefined
  return { call, sleep }

  function call(): void {
    called = true
    rise?.()
  }

  async function sleep(ms: number): Promise<void> {
    if (!called)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms)
        rise = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    called = false
    rise = undefined
  }
}
