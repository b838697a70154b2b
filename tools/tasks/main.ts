// npm run tasks -- <command>. In an image: node tools/tasks/main.js <command>.
import { runCommandLine } from '../command/command-line.ts'
import { dead, remove, retry } from './dead.commands.ts'
import { list } from './list.command.ts'
import { run } from './run.command.ts'

const usage = `Usage: tasks <command>

  list                         every task: its schedule, its next run, its jobs
  run NAME ['{"json": …}']     enqueue a task now; --wait also waits for its end
  dead [--queue QUEUE]         the jobs that failed for good, the latest first
  retry ID… | --all            give dead jobs all their attempts again
  remove ID… | --all           forget dead jobs

--queue QUEUE narrows --all to one queue. The names are those that list shows.
`

void runCommandLine({ usage, commands: { list, run, dead, retry, remove } })
