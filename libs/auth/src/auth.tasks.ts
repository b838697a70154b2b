import { purgeAuditTrailTask, type PurgeAuditTrailDeps } from './tasks/purge-audit-trail.task.ts'
import {
  purgeDeletedUsersTask,
  type PurgeDeletedUsersDeps,
} from './tasks/purge-deleted-users.task.ts'
import { purgeExpiredSessionsTask } from './tasks/purge-expired-sessions.task.ts'

/** What the module does at times of its own: it deletes what nobody needs any more. */
export const authTasks = (deps: PurgeAuditTrailDeps & PurgeDeletedUsersDeps) => [
  purgeExpiredSessionsTask(deps.store, deps.clock),
  purgeAuditTrailTask(deps),
  purgeDeletedUsersTask(deps),
]
