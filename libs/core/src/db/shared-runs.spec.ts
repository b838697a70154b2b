import { createSharedRuns } from './shared-runs.ts'

function createQuestion() {
  const runs = createSharedRuns<number>()
  const begun: PromiseWithResolvers<number>[] = []
  return { begun, ask: (key = 'users') => runs.run(key, begin) }

  function begin(): Promise<number> {
    const run = Promise.withResolvers<number>()
    begun.push(run)
    return run.promise
  }
}

describe('equal questions', () => {
  it('that come while one is at work share the next, which begins when that one is done', async () => {
    const { ask, begun } = createQuestion()
    const first = ask()
    const others = [ask(), ask(), ask()]
    expect(begun).toHaveLength(1)
    begun[0]!.resolve(1)
    expect(await first).toBe(1)
    expect(begun).toHaveLength(2)
    begun[1]!.resolve(2)
    expect(await Promise.all(others)).toEqual([2, 2, 2])
  })

  it('begin anew when none is at work, so that nothing is remembered', async () => {
    const { ask, begun } = createQuestion()
    for (const answer of [1, 2]) {
      const asked = ask()
      begun[answer - 1]!.resolve(answer)
      expect(await asked).toBe(answer)
    }
  })

  it('do not share a failure with those who asked later', async () => {
    const { ask, begun } = createQuestion()
    const first = ask()
    const second = ask()
    begun[0]!.reject(new Error('cut'))
    await expect(first).rejects.toThrow('cut')
    begun[1]!.resolve(2)
    expect(await second).toBe(2)
  })

  it('are told from others by their key', () => {
    const { ask, begun } = createQuestion()
    void ask('users')
    void ask('stones')
    expect(begun).toHaveLength(2)
  })
})
