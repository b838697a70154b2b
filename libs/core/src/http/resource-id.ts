import type { InputFault } from '../errors/index.ts'
import { boundedText } from '../schema/index.ts'
import { addressLimit } from './request-checks.ts'

/** PostgreSQL's `integer` ends here. */
const largestId = 2_147_483_647

const outOfRange = 'out_of_range'

/**
 * The id of a resource in a path, as a number. What is no whole number above 0 is 422; a number that no row can have is 404.
 *
 * @example
 * const params = z.strictObject({ id: ResourceId })
 * routes.get('/:id', { summary: 'Read a stone', params, response: Stone }, ({ params }) => stones.get(params.id))
 */
export const ResourceId = boundedText(addressLimit)
  .regex(/^[1-9]\d*$/, { error: 'Must be a whole number above 0', abort: true })
  .refine((text) => Number(text) <= largestId, { params: { code: outOfRange } })
  .transform(Number)
  .meta({
    example: 1,
    override: ({ jsonSchema }) => {
      delete jsonSchema.pattern
      delete jsonSchema.maxLength
      Object.assign(jsonSchema, { type: 'integer', minimum: 1, maximum: largestId })
    },
  })

export const isOutOfRange = ({ code }: InputFault): boolean => code === outOfRange
