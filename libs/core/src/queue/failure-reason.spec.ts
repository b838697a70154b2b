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
const withCode = (code: string) =>
  Object.assign(new PrismaClientKnownRequestError('SELECT secret'), { code })

it.each([
  [gone(), 'shop.gone: Gone.'],
  [new TypeError('x is not a function\n  at the second line'), 'TypeError: x is not a function'],
  [new PrismaClientKnownRequestError('SELECT secret'), 'PrismaClientKnownRequestError'],
  [withCode('P2021'), 'PrismaClientKnownRequestError P2021'],
  [withCode('a secret'), 'PrismaClientKnownRequestError'],
  ['a string', 'An unknown failure'],
])('the reason of %p is told as "%s"', (error, reason) => {
  expect(failureReason(error)).toBe(reason)
})
