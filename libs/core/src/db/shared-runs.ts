interface Runs<T> {
  /** Begun for whoever asks from now on, as soon as the one at work is done. */
  next: Promise<T> | undefined
}

/**
 * Runs equal questions once. Who asks while one is at work gets the answer of the next, which begins after the question; so no answer is
 * older than its question.
 */
export function createSharedRuns<T>() {
  const working = new Map<string, Runs<T> & { current: Promise<T> }>()
  return { run }

  function run(key: string, ask: () => Promise<T>): Promise<T> {
    const runs = working.get(key)
    if (!runs) return begin(key, ask)
    return (runs.next ??= runs.current.then(
      () => begin(key, ask),
      () => begin(key, ask),
    ))
  }

  function begin(key: string, ask: () => Promise<T>): Promise<T> {
    const current = ask()
    const runs = { current, next: undefined as Promise<T> | undefined }
    working.set(key, runs)
    const forget = () => {
      if (working.get(key) === runs && !runs.next) working.delete(key)
    }
    current.then(forget, forget)
    return current
  }
}
