import { isAhead, isReplaced, type MigrationHistory } from '@ashlar/core/db/migrations'

/** Also when a newer release added migrations: a release that was rolled back to has all that it needs. */
export const isUpToDate = (history: MigrationHistory): boolean =>
  history.pending.length + history.edited.length === 0 && isAhead(history)

/**
 * One line for each migration, then one that says what to do. `warnings` are those of the pending
 * ones, by name.
 */
export function describeStatus(
  history: MigrationHistory,
  warnings: ReadonlyMap<string, readonly string[]>,
): string[] {
  const { applied, pending, edited, unknown } = history
  const unfinished = new Map(history.unfinished.map(({ name, log }) => [name, log]))
  return [
    ...applied.map((name) => `  ${stateOfApplied(name)}  ${name}`),
    ...pending.flatMap((name) => [
      unfinished.has(name)
        ? `  failed       ${name}${reason(unfinished.get(name))}`
        : `  pending      ${name}`,
      ...(warnings.get(name) ?? []).map((warning) => `    Mind: ${warning}`),
    ]),
    conclusion(history),
  ]

  function stateOfApplied(name: string) {
    if (unknown.includes(name)) return 'not on disk'
    return edited.includes(name) ? 'edited     ' : 'applied    '
  }
}

function conclusion(history: MigrationHistory): string {
  const { pending, edited, unknown } = history
  if (edited.length > 0)
    return 'An applied migration was edited. Put the file back and write the change as a new migration.'
  if (isReplaced(history))
    return 'None of the migrations of this database is on disk: npm run db:reset, or see docs/guides/change-a-live-database.md, at its end.'
  if (unknown.length > 0 && isAhead(history))
    return 'The database is ahead of this checkout: a newer release added what is not on disk.'
  if (unknown.length > 0) return 'The database is on another branch. Get the missing folders.'
  if (pending.length > 0) return 'Apply what is missing with: npm run db:migrate'
  return 'The database is up to date.'
}

/** Prisma stores the whole report; its second line is the server's own message. */
function reason(log: string | null | undefined): string {
  if (!log) return ' (interrupted)'
  return ` (${/ERROR: (.*)/.exec(log)?.[1] ?? log.split('\n')[0]})`
}
