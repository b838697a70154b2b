import type { z } from 'zod'
import { defineError } from '../errors/index.ts'

/** A job whose payload its own schema refuses. A repeat cannot help. */
const payloadInvalid = defineError({
  kind: 'invalid',
  code: 'job.payload_invalid',
  title: 'Payload invalid',
  detail: 'The payload does not match its schema.',
  help: 'Correct the publisher, or the schema that no longer takes what was published before.',
})

/** The work is done, and a repeat would do it again. */
const resultInvalid = defineError({
  kind: 'invalid',
  code: 'job.result_invalid',
  title: 'Result invalid',
  detail: 'The result does not match its schema.',
  help: 'Correct what the handler returns, or the schema of the result.',
})

/** For who receives: the payload as the schema gives it, or {@link payloadInvalid}, which names the members at fault but no value. */
export function readPayload<Schema extends z.ZodType>(
  schema: Schema,
  payload: unknown,
): z.output<Schema> {
  const parsed = schema.safeParse(payload)
  if (parsed.success) return parsed.data
  throw payloadInvalid({ detail: describeFaults('payload', parsed.error) })
}

/**
 * Returns the payload to send. One that breaks the schema, is longer than `limit` bytes of JSON, or
 * would not come out of JSON as it went in, is a defect of the caller.
 */
export function checkPayload<Schema extends z.ZodType>(
  { name, schema }: { name: string; schema: Schema },
  payload: unknown,
  limit = Infinity,
): z.output<Schema> {
  const parsed = schema.safeParse(payload)
  if (!parsed.success) throw new TypeError(`${name}: ${describeFaults('payload', parsed.error)}`)
  const text = JSON.stringify(parsed.data) as string | undefined
  const bytes = Buffer.byteLength(text ?? '')
  if (bytes > limit)
    throw new TypeError(
      `${name}: The payload has ${bytes} bytes of JSON, and PAYLOAD_LIMIT allows ${limit}. Put what is large into a table or a file, and its id into the payload.`,
    )
  const received = schema.safeParse(text === undefined ? undefined : JSON.parse(text))
  if (received.success) return parsed.data
  throw new TypeError(
    `${name}: ${describeFaults('payload', received.error)} It does so once it went through JSON and is read again: use what takes its own output, such as z.coerce.date() in place of z.date().`,
  )
}

/** What a run returned, as the schema gives it, or {@link resultInvalid}. Without a schema it is taken as it is. */
export function readResult(schema: z.ZodType | undefined, result: unknown): unknown {
  if (!schema) return result
  const parsed = schema.safeParse(result)
  if (parsed.success) return parsed.data
  throw resultInvalid({ detail: describeFaults('result', parsed.error) })
}

function describeFaults(what: string, { issues }: z.ZodError): string {
  const faults = issues.map(({ path, code }) => `/${path.join('/')} ${code}`)
  return `The ${what} does not match its schema: ${faults.join(', ')}.`
}
