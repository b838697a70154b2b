import { spellingsOf } from './conditions.ts'
import type { ListField } from './fields.ts'
import { mostFilterItems } from './parse-filters.ts'
import { mostSortItems } from './parse-sort.ts'

/** The grammar and the allow-list of `sort`, for the API document. */
export const describeSort = (sortable: readonly string[], byDefault: string) => ({
  // Not as an example, which Swagger UI would fill in and send.
  description: `\`field[:asc|desc]\`, separated by commas, as in \`${sortable.at(-1)}:desc\`; at most ${mostSortItems}, each field once. Fields: ${namesOf(sortable)}. By default \`${byDefault}\`.`,
})

/** The grammar and the allow-list of `filters`, for the API document. */
export const describeFilters = (filterable: ReadonlyMap<string, ListField>) => ({
  description: [
    `\`field:value\`, \`field:[value,…]\` (any of these) or \`field:operator:value\`, separated by commas, as in \`${exampleOf(filterable)}\`; at most ${mostFilterItems}, and all must hold. A value with \`,\` \`:\` \`[\` \`]\` or a double quote goes in double quotes, with \`\\"\` and \`\\\\\` as the escapes.`,
    ...[...filterable].map(
      ([name, field]) => `- \`${name}\` (${field.type}): ${spellingsOf(field)}`,
    ),
  ].join('\n'),
})

const exampleOf = (filterable: ReadonlyMap<string, ListField>): string =>
  [...filterable]
    .slice(0, 2)
    .map(([name, { example }]) => `${name}:${example}`)
    .join(',')

const namesOf = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ')
