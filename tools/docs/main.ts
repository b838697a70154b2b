// Writes what is generated from the code: .env.example, docs/modules.md, docs/permissions.md and docs/openapi.json. With --check it writes nothing and fails when one is stale.
import { readFileSync, writeFileSync } from 'node:fs'
import { describeEnvironment } from './env-example.ts'
import { describeModules } from './modules-page.ts'
import { describeOpenApi } from './openapi-document.ts'
import { describePermissions } from './permissions-page.ts'

const documents: Record<string, () => string | Promise<string>> = {
  '.env.example': describeEnvironment,
  'docs/modules.md': describeModules,
  'docs/permissions.md': describePermissions,
  'docs/openapi.json': describeOpenApi,
}

const checking = process.argv.includes('--check')

void writeAll()

async function writeAll(): Promise<void> {
  for (const [path, describe] of Object.entries(documents)) {
    const text = await describe()
    if (read(path) === text) continue
    if (checking) {
      process.stderr.write(`${path} is stale. Run: npm run docs\n`)
      process.exitCode = 1
    } else {
      writeFileSync(path, text)
      process.stdout.write(`${path} written\n`)
    }
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
