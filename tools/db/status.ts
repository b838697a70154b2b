import type { MigrationHistory } from '@ashlar/core/db/migrations'

export const isUpToDate = ({ pending, edited, unknown }: MigrationHistory): boolean =>
  pending.length + edited.length + unknown.length === 0

/** One line for each migration, then one that says what to do. */
export function describeStatus(history: MigrationHistory): string[] {
  const { applied, pending, edited, unknown } = history
  const unfinished = new Map(history.unfinished.map(({ name, log }) => [name, log]))
  return [
    ...applied.map((name) => `  ${stateOfApplied(name)}  ${name}`),
    ...pending.map((name) =>
      unfinished.has(name)
        ? `  failed       ${name}${reason(unfinished.get(name))}`
        : `  pending      ${name}`,
    ),
    conclusion(history),
  ]

  function stateOfApplied(name: string) {
    if (unknown.includes(name)) return 'not on disk'
    return edited.includes(name) ? 'edited     ' : 'applied    '
  }
}

function conclusion({ pending, edited, unknown }: MigrationHistory): string {
  if (edited.length > 0)
    return 'An applied migration was edited. Put the file back and write the change as a new migration.'
  if (unknown.length > 0)
    return 'The database is ahead of this checkout, or on another branch. Get the missing folders.'
  if (pending.length > 0) return 'Apply what is missing with: npm run db:migrate'
  return 'The database is up to date.'
}

/** Prisma stores the whole report; its second line is the server's own message. */
function reason(log: string | null | undefined): string {
  if (!log) return ' (interrupted)'
  return ` (${/ERROR: (.*)/.exec(log)?.[1] ?? log.split('\n')[0]})`
}
