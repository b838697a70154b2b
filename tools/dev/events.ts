// npm run events -- list | show | retry | skip | replay | prune: look after events and their deliveries.
import { runOperatorCommand } from './operator-command.ts'

await runOperatorCommand('tools/events/main.ts')
