/** What a filter may ask of a field, as the grammar spells it. `eq` and `any` are written without an operator. */
export type Operator = 'eq' | 'any' | 'ne' | 'gt' | 'gte' | 'lt' | 'lte' | 'like' | 'null'

/** A value as it was read, or why it cannot be one. */
export type Reading = { value: unknown } | { fault: string; code: string }

/** How one field of a list is written, compared and named in the API document. */
export interface ListField {
  /** For readers: `integer`. */
  type: string
  operators: readonly Operator[]
  nullable: boolean
  ignoreCase: boolean
  /** In the database's order, where it is one of a few. */
  values?: readonly unknown[]
  /** How many characters a text may have. */
  maxLength?: number
  example: string
  read(text: string): Reading
}

interface Options {
  /** The column may be null: the operator `null` asks for it. */
  nullable?: boolean
}

const ordered = ['eq', 'any', 'ne', 'gt', 'gte', 'lt', 'lte'] as const

const smallest = -2_147_483_648
const largest = 2_147_483_647

/** A whole number that PostgreSQL's `integer` can hold. */
export const integer = (options: Options = {}): ListField =>
  field('integer', ordered, '7', options, (text) => {
    if (!/^-?\d+$/.test(text)) return invalid('Must be a whole number')
    const value = Number(text)
    if (value < smallest || value > largest)
      return { fault: `Must be between ${smallest} and ${largest}`, code: 'out_of_range' }
    return { value: value + 0 }
  })

/** A whole number that PostgreSQL's `bigint` can hold. */
export const bigInteger = (options: Options = {}): ListField =>
  field('integer', ordered, '7', options, (text) => {
    if (!/^-?\d+$/.test(text)) return invalid('Must be a whole number')
    const value = BigInt(text)
    return BigInt.asIntN(64, value) === value
      ? { value }
      : { fault: 'Must be a number of 64 bits', code: 'out_of_range' }
  })

/** A number of a `Decimal` column. It stays text, because JavaScript's numbers would lose digits. */
export const decimal = (options: Options = {}): ListField =>
  field('number', ordered, '7.5', options, (text) =>
    /^-?\d+(\.\d+)?$/.test(text) ? { value: text } : invalid('Must be a number such as 7.5'),
  )

/** A number of a `Float` column: what JavaScript and PostgreSQL's `double precision` hold. */
export const float = (options: Options = {}): ListField =>
  field('number', ordered, '7.5', options, (text) => {
    if (!/^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text))
      return invalid('Must be a number such as 7.5 or 1e21')
    const value = Number(text)
    return Number.isFinite(value)
      ? { value }
      : { fault: 'Must be a number of 64 bits', code: 'out_of_range' }
  })

/** A UUID in any case. */
export const uuid = (options: Options = {}): ListField =>
  field('UUID', ['eq', 'any', 'ne'], '0198c0de-0000-7000-8000-000000000000', options, (text) =>
    /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text)
      ? { value: text.toLowerCase() }
      : invalid('Must be a UUID'),
  )

/** A moment, to the millisecond as JavaScript has it: of a column that keeps no more (`@db.Timestamptz(3)`), or a cursor would repeat and skip rows. */
export const time = (options: Options = {}): ListField =>
  field('time', ordered, '"2026-01-31T12:00:00Z"', options, (text) => {
    const value = readTime(text)
    return value ? { value } : invalid('Must be a date (2026-01-31) or an ISO 8601 time in UTC')
  })

interface TextOptions extends Options {
  /** It is the same in upper and lower case. */
  ignoreCase?: boolean
  /** How many characters the column takes. Needed where the list is sorted by it, because a cursor holds the value. */
  maxLength?: number
}

/** Text, of any length if none is declared. */
export const text = ({
  ignoreCase = false,
  maxLength = Infinity,
  ...options
}: TextOptions = {}): ListField => ({
  ...field('text', ['eq', 'any', 'ne', 'like'], 'mason', options, (value) => ({ value })),
  ignoreCase,
  maxLength,
})

/** One of a few values, in the order in which the database sorts them. */
export const oneOf = (
  values: readonly [string, ...string[]],
  options: Options = {},
): ListField => ({
  ...field(values.join(' | '), ['eq', 'any', 'ne'], values[0], options, (text) =>
    values.includes(text) ? { value: text } : invalid(`Must be one of ${values.join(', ')}`),
  ),
  values,
})

/** Yes or no. */
export const flag = (options: Options = {}): ListField => ({
  ...field('true | false', ['eq', 'ne'], 'true', options, readFlag),
  values: [false, true],
})

export const readFlag = (text: string): Reading =>
  text === 'true' || text === 'false'
    ? { value: text === 'true' }
    : invalid('Must be true or false')

function field(
  type: string,
  operators: readonly Operator[],
  example: string,
  { nullable = false }: Options,
  read: (text: string) => Reading,
): ListField {
  return {
    type,
    operators: nullable ? [...operators, 'null'] : operators,
    nullable,
    ignoreCase: false,
    example,
    read,
  }
}

const isoTime = /^(\d{4})-(\d\d)-(\d\d)(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?Z)?$/

/** Undefined also for a day that no month has, which JavaScript would move into the next one, and for the year 0, which PostgreSQL lacks. */
function readTime(text: string): Date | undefined {
  const [, year, , day] = isoTime.exec(text) ?? []
  const value = new Date(text)
  if (Number.isNaN(value.getTime()) || Number(year) === 0) return undefined
  return value.getUTCDate() === Number(day) ? value : undefined
}

const invalid = (fault: string): Reading => ({ fault, code: 'invalid_value' })
