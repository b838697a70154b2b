import { databaseUnavailable } from '../errors/index.ts'
import { createBatchedLookup } from './index.ts'

const turn = () => new Promise(setImmediate)

describe('look-ups of one turn', () => {
  it('are one call, with each key once, and each gets its own answer', async () => {
    const calls: number[][] = []
    const find = createBatchedLookup(async (keys: number[]) => {
      calls.push(keys)
      return new Map(keys.filter((key) => key < 3).map((key) => [key, `row ${key}`]))
    })
    const later = turn()
      .then(turn)
      .then(() => find(2))
    expect(await Promise.all([find(1), find(2), find(1), find(3)])).toEqual([
      'row 1',
      'row 2',
      'row 1',
      null,
    ])
    expect(await later).toBe('row 2')
    expect(calls).toEqual([[1, 2, 3], [2]])
  })

  it('are several calls when they are many', async () => {
    const sizes: number[] = []
    const find = createBatchedLookup(
      async (keys: number[]) => {
        sizes.push(keys.length)
        return new Map(keys.map((key) => [key, key]))
      },
      { maxBatch: 2 },
    )
    expect(await Promise.all([1, 2, 3, 4, 5].map((key) => find(key)))).toEqual([1, 2, 3, 4, 5])
    expect(sizes).toEqual([2, 2, 1])
  })
})

it('a look-up does not wait for those of an earlier turn', async () => {
  const { promise: never } = Promise.withResolvers<Map<string, string>>()
  const find = createBatchedLookup((keys: string[]) =>
    keys.includes('slow') ? never : Promise.resolve(new Map([['quick', 'row']])),
  )
  void find('slow')
  await turn()
  await turn()
  expect(await find('quick')).toBe('row')
})

it('a key that is refused fails alone', async () => {
  const find = createBatchedLookup(async (keys: string[]) => {
    if (keys.includes('bad')) throw new Error('no such form')
    return new Map(keys.map((key) => [key, 'row']))
  })
  const results = await Promise.allSettled([find('good'), find('bad'), find('other')])
  expect(results).toMatchObject([
    { value: 'row' },
    { reason: { message: 'no such form' } },
    { value: 'row' },
  ])
})

it('a database that is away fails all, and is not asked once for each', async () => {
  let calls = 0
  const find = createBatchedLookup(() => {
    calls += 1
    return Promise.reject(databaseUnavailable())
  })
  const results = await Promise.allSettled([find('a'), find('b')])
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(calls).toBe(1)
})
