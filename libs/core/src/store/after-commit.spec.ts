import { pino } from 'pino'
import { eventually } from '../../testing/index.ts'
import { createAfterCommit } from './after-commit.ts'

it('what follows a commit of unknown outcome runs at once, and again when it is surely decided', async () => {
  const seen: string[] = []
  const hooks = createAfterCommit(pino({ enabled: false }), 300)
  hooks.add(() => seen.push('never'))
  hooks.add(() => seen.push('evicted'), { evenIfUnknown: true })
  await hooks.runEvenIfUnknown()
  expect(seen).toEqual(['evicted'])
  await eventually(() => seen.length === 2)
  expect(seen).toEqual(['evicted', 'evicted'])
})
