// These either refuse to run inside a transaction or end it themselves.
const ownTransaction = /\bconcurrently\b|^\s*(vacuum|begin|commit|start\s+transaction)\b[^;\n]*;/im

/** Whether PostgreSQL runs the whole script or nothing of it. */
export const isAtomic = (script: string): boolean => !ownTransaction.test(withoutComments(script))

/**
 * The script, and in the same transaction the mark that it is done. A process that dies between the two would otherwise leave a
 * migration of which nobody can tell whether it happened.
 */
export function withCompletion(script: string): string {
  if (!isAtomic(script)) return script
  return (
    `${script}\n;\nUPDATE "_prisma_migrations" SET "finished_at" = now() ` +
    `WHERE "finished_at" IS NULL AND "rolled_back_at" IS NULL`
  )
}

/** The line that an error of PostgreSQL points at, with its number from 1. `position` counts characters from 1. */
export function lineAt(script: string, position: number): { number: number; text: string } {
  const before = [...script].slice(0, position - 1).join('')
  const number = before.split('\n').length
  return { number, text: (script.split('\n')[number - 1] ?? '').trim() }
}

const withoutComments = (script: string) => script.replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, '')
