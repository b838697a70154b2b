import { defineError } from '../errors/index.ts'
import { failureReason } from './failure-reason.ts'

const gone = defineError({
  kind: 'not_found',
  code: 'shop.gone',
  title: '-',
  detail: 'Gone.',
  help: '-',
})
class PrismaClientKnownRequestError extends Error {}

it.each([
  [gone(), 'shop.gone: Gone.'],
  [new TypeError('x is not a function\n  at the second line'), 'TypeError: x is not a function'],
  [new PrismaClientKnownRequestError('SELECT secret'), 'PrismaClientKnownRequestError'],
  ['a string', 'An unknown failure'],
])('the reason of %p is told as "%s"', (error, reason) => {
  expect(failureReason(error)).toBe(reason)
})
