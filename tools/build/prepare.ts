// node tools/build/prepare.ts: generates what is not in git but must exist before a type-check, a test or a build.
import { runMain } from '../servers/expected-fault.ts'
import { withLock } from '../servers/file-lock.ts'
import { cacheFolder } from '../servers/project.ts'
import { compileEmails } from './compile-emails.ts'
import { generatePrismaClients } from './generate-prisma-client.ts'

/** Generates the Prisma client and the e-mail templates, each only when its sources changed. */
export function prepare(report: (line: string) => void = () => {}) {
  return withLock(`${cacheFolder}/prepare.lock`, async () => {
    await Promise.all([generatePrismaClients(report), compileEmails(report)])
  })
}

if (import.meta.main) await runMain(() => prepare((line) => process.stdout.write(`${line}\n`)))
