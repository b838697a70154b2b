import { z } from 'zod'
import {
  createTestCore,
  eventually,
  startWorker,
  type TestCore,
  type TestWorker,
} from '../../testing/index.ts'
import { defineError } from '../errors/index.ts'
import { defineTask, handle } from './index.ts'

const cut = defineTask('quarry.cut', z.object({ stone: z.string() }), { attempts: 2, backoffMs: 1 })
const tooHard = defineError({
  kind: 'invalid',
  code: 'quarry.too_hard',
  title: 'Too hard',
  detail: 'The stone is too hard.',
  help: 'Take another.',
})

describe('the log of jobs', () => {
  let test: TestCore
  let worker: TestWorker

  beforeAll(async () => {
    test = await createTestCore()
    const cutTask = handle(cut, ({ stone }, { attempt, log }) => {
      log.info({ stone }, 'cutting')
      if (stone === 'granite') throw tooHard()
      if (stone === 'slate' && attempt === 1) throw new Error('slipped')
    })
    worker = await startWorker(test.core, [
      { name: 'quarry', tasks: [cutTask], gateway: undefined },
    ])
  })
  afterAll(async () => {
    await worker.stop()
    await test.stop()
  })

  it.each([
    ['marble', [['info', 'a job is done', 1, 'completed']]],
    [
      'slate',
      [
        ['warn', 'a job failed and will be tried again', 1, 'failed'],
        ['info', 'a job is done', 2, 'completed'],
      ],
    ],
    ['granite', [['error', 'a job failed for good', 1, 'dead']]],
  ])('has one line for each attempt, with its outcome and time: %s', async (stone, expected) => {
    const { id: jobId } = await test.core.tasks.enqueue(cut, { stone })
    const ends = () => test.lines.filter((line) => line['jobId'] === jobId && 'status' in line)
    await eventually(() => ends().length >= expected.length)
    const seen = ends().map(({ level, msg, attempt, status }) => [level, msg, attempt, status])
    expect(seen).toEqual(expected)
    for (const line of ends())
      expect(line).toMatchObject({
        queue: 'quarry.tasks',
        job: 'quarry.cut',
        durationMs: expect.any(Number),
      })
  })

  it('names the job in each line that its work writes', async () => {
    const { id: jobId } = await test.core.tasks.enqueue(cut, { stone: 'basalt' })
    const line = await eventually(() => test.lines.find(({ stone }) => stone === 'basalt'))
    expect(line).toMatchObject({ msg: 'cutting', jobId, job: 'quarry.cut', attempt: 1 })
  })
})
