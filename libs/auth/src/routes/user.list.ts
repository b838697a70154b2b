import { z } from 'zod'
import { defineList, integer, oneOf, text, time } from '@ashlar/core/list'

const publicFields = {
  id: integer(),
  username: text({ ignoreCase: true, maxLength: 50 }),
  status: oneOf(['active', 'inactive']),
  createdAt: time(),
}

const publicNames = ['id', 'username', 'status', 'createdAt'] as const

/** What everybody who is signed in may sort and filter users by. */
export const publicUserList = defineList({
  fields: publicFields,
  sort: publicNames,
  filter: publicNames,
})

/** What administrators may. */
export const fullUserList = defineList({
  fields: {
    ...publicFields,
    email: text({ ignoreCase: true, maxLength: 254 }),
    role: oneOf(['user', 'admin']),
  },
  sort: [...publicNames, 'email', 'role'],
  filter: [...publicNames, 'email', 'role'],
  parameters: z.strictObject({
    deleted: z
      .enum(['true', 'false'])
      .optional()
      .meta({ description: '`true` lists the deleted users only. For administrators.' }),
  }),
})
