// npm run docs [-- --check]: the documents that are generated from the code.
import { prepare } from '../build/prepare.ts'
import { runBundled } from '../build/run-bundled.ts'
import { runMain } from '../servers/expected-fault.ts'

await runMain(async () => {
  await prepare((line) => process.stdout.write(`${line}\n`))
  const { code } = await runBundled('tools/docs/main.ts', process.argv.slice(2))
  process.exitCode = code
})
