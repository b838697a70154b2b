import { createPaint, describeLogLine } from './log-lines.ts'

const plain = createPaint(false)
const time = new Date(2026, 0, 31, 12, 30, 15).toISOString()
const describeEntry = (entry: object) => describeLogLine(JSON.stringify({ time, ...entry }), plain)

describe('a log line of a process', () => {
  it('shows time, level, message and the other fields', () => {
    expect(describeEntry({ level: 'warn', process: 'api', msg: 'slow', route: '/users' })).toBe(
      '12:30:15 warn  slow route=/users',
    )
  })

  it('knows the level by its number too', () => {
    expect(describeEntry({ level: 50, msg: 'broken' })).toBe('12:30:15 error broken')
  })

  it('shows an answered request in one piece', () => {
    const request = { method: 'GET', path: '/api/v1/users', status: 200, durationMs: 3 }
    expect(describeEntry({ level: 'info', msg: 'request answered', ...request })).toBe(
      '12:30:15 info  GET /api/v1/users 200 3 ms',
    )
  })

  it('keeps the stack of an error', () => {
    const err = { message: 'no', stack: 'Error: no\n    at here' }
    expect(describeEntry({ level: 'error', msg: 'failed', err })).toBe(
      '12:30:15 error failed \nError: no\n    at here',
    )
  })

  it('stays one line, and cannot act on the terminal, whatever a client sent', () => {
    const msg = 'a\r\n12:30:15 fatal forged\u001b[2J\u009b31m\u2028\u202e'
    const described = describeEntry({ level: 'info', msg, agent: '\u001b]0;x\u0007' })
    expect(described).toBe(
      String.raw`12:30:15 info  a\r\n12:30:15 fatal forged\u001b[2J\u009b31m\u2028\u202e agent=\u001b]0;x\u0007`,
    )
    const err = { message: 'a\n12:30:15 fatal forged\u001b[2J' }
    expect(describeEntry({ level: 'error', msg: 'failed', err })).toBe(
      '12:30:15 error failed \na\n    12:30:15 fatal forged\\u001b[2J',
    )
  })

  it.each(['plain words', '{ "no": "level" }', '{broken'])('passes on what is none: %s', (line) => {
    expect(describeLogLine(line, plain)).toBe(line)
  })
})
