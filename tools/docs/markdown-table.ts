/** A table whose columns line up, as Prettier writes them. */
export function markdownTable(head: readonly string[], rows: readonly string[][]): string[] {
  const cells = [[...head], ...rows]
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]!.length), 3))
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`
  return [
    line(head),
    `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`,
    ...rows.map(line),
  ]
}

export const code = (text: string) => `\`${text}\``
