// node tools/build/build.ts <folder> [<outfile>], e.g. apps/api, which becomes dist/apps/api/main.js
import { build } from 'esbuild'
import { ExpectedFault, runMain } from '../servers/expected-fault.ts'
import { building } from './build-faults.ts'
import { bundleOptions, entryFile } from './bundle-options.ts'

await runMain(async () => {
  const [entry, outfile] = process.argv.slice(2)
  if (!entry) throw new ExpectedFault('usage: build.ts <folder> [<outfile>]', 2)
  const target = outfile ?? `dist/${entry}/main.js`
  await building(() => build(bundleOptions(entryFile(entry), target)))
})
