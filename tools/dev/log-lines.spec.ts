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

  it.each(['plain words', '{ "no": "level" }', '{broken'])('passes on what is none: %s', (line) => {
    expect(describeLogLine(line, plain)).toBe(line)
  })
})
