// npm run setup: packages, generated code and a .env with random secrets, without starting anything.
import { prepare } from '../build/prepare.ts'
import { runMain } from '../servers/expected-fault.ts'
import { ensureEnvFile } from './env-file.ts'

const print = (line: string) => process.stdout.write(`${line}\n`)

await runMain(async () => {
  const { created, added } = ensureEnvFile()
  await prepare(print)
  if (created) print('.env written, with random secrets.')
  else print(added.length > 0 ? `.env: added ${added.join(', ')}.` : '.env is complete.')
})
