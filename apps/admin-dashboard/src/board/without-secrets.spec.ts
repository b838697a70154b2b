import { measureCpu } from '@ashlar/core/testing'
import { withoutSecrets } from './without-secrets.ts'

describe('what is told of a job', () => {
  it.each([
    ['password=hunter2', 'password=[redacted]'],
    ['{"refresh_token": "a b\'c"}', '{"refresh_token": "[redacted]"}'],
    ['Authorization: Bearer abc.def', 'Authorization: [redacted]'],
    ['sent bearer abcdefgh12345', 'sent bearer [redacted]'],
    ['smtps://mason:p%40ss@mail.test', 'smtps://[redacted]@mail.test'],
    ['?token=abc&page=1', '?token=[redacted]&page=1'],
  ])('has no secret in the text %s', (text, expected) => {
    expect(withoutSecrets(text)).toBe(expected)
  })

  it.each(['The password was wrong', 'at token.ts:12:3', 'http://localhost:3000/a@b'])(
    'keeps the harmless text %s',
    (text) => {
      expect(withoutSecrets(text)).toBe(text)
    },
  )

  it('masks members by name at any depth, and keeps everything else', () => {
    const data = { ids: [1, null, true], list: [{ x: { apiKey: 'k', tokenUsed: true } }] }
    expect(withoutSecrets(data)).toEqual({
      ids: [1, null, true],
      list: [{ x: { apiKey: '[redacted]', tokenUsed: true } }],
    })
  })

  it.each(['token', 'token:', 'token="', 'bearer ', '://a:', 'token:\'"'])(
    'takes time in proportion to a text made of %p',
    async (piece) => {
      const { cpuMs } = await measureCpu(() => withoutSecrets(piece.repeat(40_000)))
      expect(cpuMs).toBeLessThan(3_000)
    },
  )
})
