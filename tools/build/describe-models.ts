import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'

interface Model {
  name: string
  softDeletes: boolean
  relations: Record<string, { model: string; kind: 'list' | 'optional' | 'required' }>
}

/**
 * Writes `relations.ts` beside a generated Prisma client: what the soft delete of libs/core has to know, and Prisma's own data model does not
 * tell at run time. Also makes the client's types say that a required relation may be absent: its row stays when the other one is deleted.
 */
export function describeModels(clientDir: string) {
  const files = globSync('models/*.ts', { cwd: clientDir }).map((file) => join(clientDir, file))
  const models = files.map(readModel)
  writeFileSync(join(clientDir, 'relations.ts'), relationsModule(models))
  const softDeleting = models.filter(({ softDeletes }) => softDeletes).map(({ name }) => name)
  for (const file of files)
    writeFileSync(file, withAbsentTargets(readFileSync(file, 'utf8'), softDeleting))
}

function readModel(file: string): Model {
  const name = basename(file, '.ts')
  const [, objects, scalars] =
    /\$\w+Payload<.*\n {2}name: .*\n {2}objects: (.*?)\n? {2}scalars: (.*?)\n {2}composites/s.exec(
      readFileSync(file, 'utf8'),
    ) ?? []
  if (objects === undefined || scalars === undefined)
    throw new Error(
      `The generated model ${name} is not of the form that this version of Prisma gave it.`,
    )
  const relations = [
    ...objects.matchAll(/^ {4}(\w+): Prisma\.\$(\w+)Payload<ExtArgs>(\[\]| \| null)?$/gm),
  ]
  return {
    name,
    softDeletes: /^ {4}deletedAt: Date \| null$/m.test(scalars),
    relations: Object.fromEntries(
      relations.map(([, field = '', model = '', suffix]) => [
        field,
        { model, kind: suffix === '[]' ? 'list' : suffix ? 'optional' : 'required' },
      ]),
    ),
  }
}

function relationsModule(models: Model[]) {
  const entries = models.map(({ name, ...model }) => [name, model])
  return `export const relations = ${JSON.stringify(Object.fromEntries(entries), null, 2)} as const\n`
}

/** Both places where Prisma says `never null`: in rows, and of `db.session.findUniqueOrThrow(…).user()`. */
function withAbsentTargets(source: string, softDeleting: string[]) {
  const target = `Prisma\\.\\$(?:${softDeleting.join('|')})Payload<ExtArgs>`
  return source
    .replace(new RegExp(`^( {4}\\w+: ${target})$`, 'gm'), '$1 | null')
    .replace(
      new RegExp(
        `(GetResult<${target}, T, "findUniqueOrThrow", GlobalOmitOptions> \\| )Null, Null,`,
        'g',
      ),
      '$1null, null,',
    )
}
