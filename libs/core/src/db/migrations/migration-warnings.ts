const risks: readonly [RegExp, (name: string) => string][] = [
  [/^DROP TABLE "(.+?)"/, (table) => `Drops the table ${table} with all its rows.`],
  [
    /DROP COLUMN "(.+?)"/,
    (column) => `Drops the column ${column} with its values. To rename it, write RENAME COLUMN.`,
  ],
  [
    /ADD COLUMN\s+"(.+?)"(?=[^,;]* NOT NULL)(?![^,;]*(?:DEFAULT|SERIAL))/,
    (column) =>
      `Fails on a table with rows: the new column ${column} is required and has no default.`,
  ],
  [/^CREATE UNIQUE INDEX "(.+?)"/, (index) => `Fails if rows repeat a value: ${index}.`],
  [/ALTER COLUMN "(.+?)" SET DATA TYPE/, (column) => `Rewrites every row: type of ${column}.`],
]

/** What statements of a new migration do to tables that have rows. Reads the engine's own SQL, one action a line. */
export function findWarnings(script: string): string[] {
  const created = [...script.matchAll(/^CREATE TABLE "(.+?)"/gm)].map((match) => match[1])
  return script
    .split('\n')
    .filter((line) => !created.some((table) => line.includes(` ON "${table}"`)))
    .flatMap((line) =>
      risks.flatMap(([pattern, describe]) => {
        const name = pattern.exec(line)?.[1]
        return name ? [describe(name)] : []
      }),
    )
}
