/**
 * Functions whose value in a new column is worked out once. Any other may give each row another
 * value, which rewrites the table.
 */
const steady = new Set(
  'now transaction_timestamp statement_timestamp coalesce lower upper concat to_timestamp make_date make_interval to_jsonb jsonb_build_object jsonb_build_array'.split(
    ' ',
  ),
)

/** Types that take a length or precision in parentheses, as a function does. */
const types = new Set(
  'varchar char character varying bpchar numeric decimal bit time timetz timestamp timestamptz interval float'.split(
    ' ',
  ),
)

const endOfDefault =
  / (?:not null|null|check|references|unique|primary key|constraint|generated|collate)\b.*/s

/**
 * The effect of adding this column on a table with rows. `definition`: the words behind its name.
 */
export function readColumnRisk(table: string, column: string, definition: string): string[] {
  const standard = / default (.*)/s.exec(definition)?.[1]?.replace(endOfDefault, '')
  const isFilled =
    /^(small|big)?serial\b/.test(definition) || / generated .*\bas\b/.test(definition)
  const isRewriting = isFilled || (standard !== undefined && mayDiffer(standard))
  return [
    ...(/ not null\b/.test(definition) && standard === undefined && !isFilled
      ? [`Fails on a table with rows: the new column ${column} is required and has no default.`]
      : []),
    ...(isRewriting
      ? [
          `Rewrites ${table} while nobody can read it: each row gets its own value of ${column}. Add it without a default, then fill it in batches.`,
        ]
      : []),
    ...(/ (unique|primary key|check)\b/.test(definition)
      ? [
          `Nobody can read ${table} until the constraint of ${column} is checked. Add it in a step of its own.`,
        ]
      : []),
  ]
}

const mayDiffer = (expression: string): boolean =>
  [...expression.matchAll(/([\w$"]+) \(/g)].some(
    ([, name = '']) => !steady.has(name) && !types.has(name),
  )
