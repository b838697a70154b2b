import { pino } from 'pino'
import { createOutageLog } from './outage-log.ts'

function start() {
  const lines: { msg: string; failures: number; reason?: string }[] = []
  const write = (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[number])
  return { lines, ...createOutageLog(pino({}, { write }), 'the quarry') }
}

it('an outage has one line when it begins and one when it ends, with the number of failures', () => {
  const { failed, recovered, lines } = start()
  for (let i = 0; i < 100; i += 1) failed(new Error('no road', { cause: new Error('a flood') }))
  recovered()
  recovered()
  expect(lines).toMatchObject([
    { msg: 'the quarry fails', reason: 'no road: a flood', failures: 1 },
    { msg: 'the quarry works again', failures: 100 },
  ])
})

it('what fails every other time does not fill the log', () => {
  const { failed, recovered, lines } = start()
  for (let i = 0; i < 100; i += 1) {
    failed(new Error('no road'))
    recovered()
  }
  expect(lines.map(({ msg }) => msg)).toEqual(['the quarry fails', 'the quarry works again'])
})

it('the reason is the last line, without the source code that Prisma puts before it', () => {
  const { failed, lines } = start()
  failed(new Error('Invalid invocation in\n  12 create({ secret })\nServer has closed'))
  expect(lines[0]?.reason).toBe('Server has closed')
})
