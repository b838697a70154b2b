import type { z } from 'zod'
import { compilePicker, misfit } from './compile-picker.ts'

export interface SerializerOptions {
  /** The place that is told when an answer does not fit: `GET /api/v1/stones`. */
  name: string
  /** `{"data": …}` around it. */
  envelope: boolean
  /** Parses every answer as well, so that tests see what a picker lets pass: a text of the wrong format, a number out of range. */
  strict: boolean
}

/**
 * Compiles a response schema into a function from a handler's result to JSON. Only what the schema names leaves. Throws where a member is
 * missing or of another kind.
 *
 * @example
 * const serialize = createSerializer(Stone, { name: 'GET /api/v1/stones/:id', envelope: true, strict: false })
 */
export function createSerializer(
  schema: z.ZodType,
  { name, envelope, strict }: SerializerOptions,
): (result: unknown) => string {
  const pick = compilePicker(schema) ?? (() => misfit)
  return (result) => {
    const picked = pick(result)
    const parsed = strict || picked === misfit ? parse(result) : undefined
    const data = picked === misfit ? parsed : picked
    return write(envelope ? { data } : data)
  }

  /** A member that may be anything may be a bigint, or hold itself. */
  function write(answer: unknown): string {
    try {
      return JSON.stringify(answer)
    } catch (cause) {
      throw new Error(`${name} answered what JSON cannot hold, in a member that may be anything`, {
        cause,
      })
    }
  }

  /** The schema's own word, also about what the picker could not judge. */
  function parse(result: unknown): unknown {
    const answer = schema.safeParse(result)
    if (!answer.success) throw refusal(answer.error)
    return answer.data
  }

  /** A defect of the handler. Tells where, and never the value. */
  function refusal(error: z.ZodError): Error {
    const places = error.issues.map(({ path, code }) => `/${path.map(String).join('/')} ${code}`)
    return new Error(`${name} answered what its response schema refuses: ${places.join(', ')}`)
  }
}
