// npm run tour: one registration, followed through the running system from HTTP to the mail.
import { runMain } from '../servers/expected-fault.ts'
import { runTour } from '../tour/run-tour.ts'
import { readEnvironment } from './env-file.ts'
import { readSettings } from './settings.ts'

await runMain(() =>
  runTour(readSettings(readEnvironment()), (line) => process.stdout.write(`${line}\n`)),
)
process.exit()
