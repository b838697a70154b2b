/** Lines of a table whose columns are as wide as their longest cell. Without rows there are no lines. */
export function formatTable(headings: string[], rows: readonly string[][]): string[] {
  if (rows.length === 0) return []
  const lines = [headings, ...rows.map((row) => row.map(oneLine))]
  const widths = headings.map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  )
  return lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

/** What others wrote may hold line breaks, or orders to a terminal. */
const oneLine = (cell: string): string => cell.replaceAll(/\p{Cc}+/gu, ' ')
