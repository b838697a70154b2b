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

/** For who receives: the payload as the schema gives it, or {@link payloadInvalid}, which names the members at fault but no value. */
export function readPayload<Schema extends z.ZodType>(
  schema: Schema,
  payload: unknown,
): z.output<Schema> {
  const parsed = schema.safeParse(payload)
  if (parsed.success) return parsed.data
  throw payloadInvalid({ detail: describeFaults(parsed.error) })
}

/** For who sends: a payload that breaks the schema is a defect of the caller. */
export function checkPayload<Schema extends z.ZodType>(
  { name, schema }: { name: string; schema: Schema },
  payload: unknown,
): z.output<Schema> {
  const parsed = schema.safeParse(payload)
  if (parsed.success) return parsed.data
  throw new TypeError(`${name}: ${describeFaults(parsed.error)}`)
}

function describeFaults({ issues }: z.ZodError): string {
  const faults = issues.map(({ path, code }) => `/${path.join('/')} ${code}`)
  return `The payload does not match its schema: ${faults.join(', ')}.`
}
