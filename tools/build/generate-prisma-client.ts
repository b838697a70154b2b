import { execFile } from 'node:child_process'
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ExpectedFault } from '../servers/expected-fault.ts'
import { projectRoot } from '../servers/project.ts'
import { hashOf } from './freshness.ts'

const prismaSchemas = 'prisma/schema/*.prisma'

export async function generatePrismaClient(report: (line: string) => void) {
  const inputs = ['prisma.config.ts', ...globSync(prismaSchemas, { cwd: projectRoot })]
  const hash = hashOf(inputs, prismaVersion())
  if (existsSync(record) && readFileSync(record, 'utf8') === hash) return
  report('Generating the Prisma client')
  try {
    await promisify(execFile)(process.execPath, [prismaCommand, 'generate', '--no-hints'], {
      cwd: projectRoot,
      env: {
        ...process.env,
        // The generator asks for a schema engine that it does not use; any program stops the download.
        PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
        CHECKPOINT_DISABLE: '1',
        NO_COLOR: '1',
      },
    })
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    throw new ExpectedFault(`The Prisma client cannot be generated:\n${(stderr || stdout).trim()}`)
  }
  writeFileSync(record, hash)
}

/** Beside what was generated from them, so that both come and go together. */
const record = join(projectRoot, 'libs/core/src/db/generated/inputs.sha256')
const prismaCommand = join(projectRoot, 'node_modules/prisma/build/index.js')

function prismaVersion() {
  const manifest = readFileSync(join(projectRoot, 'node_modules/prisma/package.json'), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}
