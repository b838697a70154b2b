import { parseConfig } from '@ashlar/core/config'
import { authConfig } from './auth.config.ts'
import { authEnvironment } from './testing/index.ts'

const pagesUrlOf = (text?: string) =>
  parseConfig(
    { auth: authConfig },
    { ...authEnvironment(), ...(text !== undefined && { AUTH_PAGES_URL: text }) },
  ).auth.pagesUrl

describe('AUTH_PAGES_URL', () => {
  it.each([
    ['https://app.example.com', 'https://app.example.com'],
    ['https://app.example.com/account//', 'https://app.example.com/account'],
    ['http://localhost:4200/', 'http://localhost:4200'],
  ])('may have a path: %s', (given, expected) => expect(pagesUrlOf(given)).toBe(expected))

  it('may be absent', () => expect(pagesUrlOf()).toBeUndefined())

  it.each([
    'mason.test',
    '/mason',
    'ftp://mason.test',
    'javascript:alert(1)',
    'https:mason.test/account',
    'https://mason test',
    'https://mason.test/?page=1',
    'https://mason.test/?',
    'https://mason.test/#/account',
    'https://mason:secret@mason.test',
  ])('is refused, and not printed, where no link could be made of it: %s', (given) => {
    expect(() => pagesUrlOf(given)).toThrow(/AUTH_PAGES_URL/)
    expect(() => pagesUrlOf(given)).not.toThrow(given)
  })
})
