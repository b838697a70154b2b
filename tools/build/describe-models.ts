import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'

interface Model {
  name: string
  softDeletes: boolean
  /** Fields that tell one row from all others. */
  key: string[]
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
  const source = readFileSync(file, 'utf8')
  const [, objects, scalars] =
    /\$\w+Payload<.*\n {2}name: .*\n {2}objects: (.*?)\n? {2}scalars: (.*?)\n {2}composites/s.exec(
      source,
    ) ?? []
  if (objects === undefined || scalars === undefined) throw unknownForm(name)
  const relations = [
    ...objects.matchAll(/^ {4}(\w+): Prisma\.\$(\w+)Payload<ExtArgs>(\[\]| \| null)?$/gm),
  ]
  return {
    name,
    softDeletes: /^ {4}deletedAt: Date \| null$/m.test(scalars),
    key: readKey(name, source),
    relations: Object.fromEntries(
      relations.map(([, field = '', model = '', suffix]) => [
        field,
        { model, kind: suffix === '[]' ? 'list' : suffix ? 'optional' : 'required' },
      ]),
    ),
  }
}

/** The first of the unique fields, which is the primary key; or the fields of which a compound one is made. */
function readKey(name: string, source: string): string[] {
  const unique = new RegExp(
    `^export type ${name}WhereUniqueInput = Prisma.AtLeast<{\\n {2}(\\w+)\\?: (?:Prisma\\.(\\w+))?`,
    'm',
  ).exec(source)
  if (!unique) throw unknownForm(name)
  const [, field = '', compound] = unique
  if (!compound) return [field]
  const [, members] = new RegExp(`^export type ${compound} = {\\n(.*?)^}`, 'ms').exec(source) ?? []
  if (members === undefined) throw unknownForm(name)
  return [...members.matchAll(/^ {2}(\w+):/gm)].map(([, member = '']) => member)
}

const unknownForm = (name: string) =>
  new Error(`The generated model ${name} is not of the form that this version of Prisma gave it.`)

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
