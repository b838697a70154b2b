import { defineList, integer, oneOf, text, time } from '@ashlar/core/list'

export const projectList = defineList({
  fields: {
    id: integer(),
    name: text({ ignoreCase: true, maxLength: 100 }),
    status: oneOf(['active', 'archived']),
    ownerId: integer(),
    createdAt: time(),
  },
  sort: ['id', 'name', 'createdAt'],
  filter: ['id', 'name', 'status', 'ownerId', 'createdAt'],
})
