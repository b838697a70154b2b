import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { MigrationError } from './migration.errors.ts'

/** One folder of `prisma/migrations`. */
export interface MigrationFile {
  /** `<timestamp>_<name>`: the order in which migrations are applied. */
  name: string
  script: string
  /** SHA-256 of the file, as Prisma stores it. */
  checksum: string
}

export interface SchemaFile {
  path: string
  content: string
}

export async function readMigrations(prismaDir: string): Promise<MigrationFile[]> {
  const entries = await readFolder(join(prismaDir, 'migrations'))
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  return Promise.all(names.toSorted().map((name) => readMigration(prismaDir, name)))
}

export async function readSchema(prismaDir: string): Promise<SchemaFile[]> {
  const entries = await readFolder(join(prismaDir, 'schema'))
  const names = entries.map((entry) => entry.name).filter((name) => name.endsWith('.prisma'))
  return Promise.all(
    names.toSorted().map(async (name) => ({
      path: join('prisma', 'schema', name),
      content: await readFile(join(prismaDir, 'schema', name), 'utf8'),
    })),
  )
}

/** Writes a new migration and returns its path, relative to the folder above `prismaDir`. */
export async function writeMigration(
  prismaDir: string,
  name: string,
  script: string,
): Promise<string> {
  const folder = join(prismaDir, 'migrations', name)
  await mkdir(folder, { recursive: true })
  const file = join(folder, 'migration.sql')
  await writeFile(file, script, { flag: 'wx' })
  return relative(join(prismaDir, '..'), file)
}

async function readMigration(prismaDir: string, name: string): Promise<MigrationFile> {
  const path = join(prismaDir, 'migrations', name, 'migration.sql')
  const script = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new MigrationError(
      `prisma/migrations/${name} has no readable migration.sql. Put the file there, or remove the folder.`,
      { cause: error },
    )
  })
  return { name, script, checksum: createHash('sha256').update(script).digest('hex') }
}

async function readFolder(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (error) {
    throw new MigrationError(`The folder ${folder} cannot be read.`, { cause: error })
  }
}
