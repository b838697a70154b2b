import { AppError, defineError, isRetryable, statusOf, valueTaken, notFound } from './index.ts'

const broken = defineError({
  kind: 'unavailable',
  code: 'stones.broken',
  title: 'Broken',
  detail: 'The stone is broken.',
  help: 'Take another one.',
})

describe('an error', () => {
  it('has the kind, the code and the sentence of its definition', () => {
    const error = broken()
    expect(error).toBeInstanceOf(AppError)
    expect(error).toMatchObject({
      kind: 'unavailable',
      code: 'stones.broken',
      message: 'The stone is broken.',
      headers: {},
    })
    expect(statusOf(error.kind)).toBe(503)
  })

  it('may say more about this occurrence, and keeps its cause', () => {
    const cause = new Error('frost')
    const error = broken({ detail: 'It broke in the frost.', cause, retryAfterSeconds: 3 })
    expect(error).toMatchObject({ message: 'It broke in the frost.', cause, retryAfterSeconds: 3 })
  })

  it('is retried where the world may change in between, and a defect is too', () => {
    expect([broken(), valueTaken(), new Error('defect')].map(isRetryable)).toEqual([
      true,
      true,
      true,
    ])
    expect(isRetryable(notFound())).toBe(false)
  })
})
