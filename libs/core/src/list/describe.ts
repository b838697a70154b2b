import { spellingsOf } from './conditions.ts'
import type { ListField } from './fields.ts'

/** The grammar and the allow-list of `sort`, for the API document. */
export const describeSort = (sortable: readonly string[], byDefault: string) => ({
  description: `\`field[:asc|desc]\`, separated by commas. Fields: ${namesOf(sortable)}. By default \`${byDefault}\`.`,
  example: `${sortable.at(-1)}:desc`,
})

/** The grammar and the allow-list of `filters`, for the API document. */
export const describeFilters = (filterable: ReadonlyMap<string, ListField>) => ({
  description: [
    '`field:value`, `field:[value,…]` (any of these) or `field:operator:value`, separated by commas; all must hold. A value with `,` `:` `[` `]` or a double quote goes in double quotes, with `\\"` and `\\\\` as the escapes.',
    ...[...filterable].map(
      ([name, field]) => `- \`${name}\` (${field.type}): ${spellingsOf(field)}`,
    ),
  ].join('\n'),
  example: [...filterable]
    .slice(0, 2)
    .map(([name, { example }]) => `${name}:${example}`)
    .join(','),
})

const namesOf = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ')
