import { execFile } from 'node:child_process'
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ExpectedFault } from '../servers/expected-fault.ts'
import { projectRoot } from '../servers/project.ts'
import { describeModels } from './describe-models.ts'
import { hashOf } from './freshness.ts'

/** The project's client, and the one of the tests of soft delete and of lists. */
const clients = [
  {
    schema: 'prisma/schema',
    schemas: 'prisma/schema/*.prisma',
    output: 'libs/core/src/db/generated',
  },
  {
    schema: 'libs/core/src/db/fixtures/library.prisma',
    schemas: 'libs/core/src/db/fixtures/library.prisma',
    output: 'libs/core/src/db/fixtures/generated',
  },
]

export function generatePrismaClients(report: (line: string) => void) {
  return Promise.all(clients.map((client) => generatePrismaClient(client, report)))
}

async function generatePrismaClient(
  { schema, schemas, output }: (typeof clients)[number],
  report: (line: string) => void,
) {
  const inputs = [
    'prisma.config.ts',
    'tools/build/describe-models.ts',
    ...globSync(schemas, { cwd: projectRoot }),
  ]
  const hash = hashOf(inputs, prismaVersion())
  /** Beside what was generated from them, so that both come and go together. */
  const record = join(projectRoot, output, 'inputs.sha256')
  if (existsSync(record) && readFileSync(record, 'utf8') === hash) return
  // The fixture is there where the tests are: not in an image.
  if (!existsSync(join(projectRoot, schema))) return
  report(`Generating the Prisma client of ${schema}`)
  const args = [prismaCommand, 'generate', '--no-hints', '--schema', schema]
  try {
    await promisify(execFile)(process.execPath, args, {
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
  describeModels(join(projectRoot, output))
  writeFileSync(record, hash)
}

const prismaCommand = join(projectRoot, 'node_modules/prisma/build/index.js')

function prismaVersion() {
  const manifest = readFileSync(join(projectRoot, 'node_modules/prisma/package.json'), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}
