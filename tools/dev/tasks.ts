// npm run tasks -- list | run NAME | dead | retry | remove: look after tasks and their jobs.
import { runOperatorCommand } from './operator-command.ts'

await runOperatorCommand('tools/tasks/main.ts')
