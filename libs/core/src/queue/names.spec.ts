import { z } from 'zod'
import { assertOwnNames, queuesOf } from './names.ts'
import { defineTask, handle } from './task.ts'

it.each(['print', 'Shop.print', 'shop.print:now', 'shop.', 'shop.print-', 'shop.a.b', ''])(
  'a task named "%s" is refused',
  (name) => {
    expect(() => defineTask(name, z.object({}))).toThrow('must be <module>.<what>')
  },
)

it('a module may declare nothing in the name of another', () => {
  const tasks = [handle(defineTask('shop.print', z.object({})), () => {})]
  expect(() => assertOwnNames([{ name: 'shop', tasks }])).not.toThrow()
  expect(() => assertOwnNames([{ name: 'stock', tasks }])).toThrow('must begin with "stock."')
})

it('a module without listeners has no queue for them', () => {
  expect(queuesOf({ name: 'shop' })).toEqual(['shop.tasks'])
  expect(queuesOf({ name: 'shop', listeners: [{}] })).toEqual(['shop.events', 'shop.tasks'])
})
