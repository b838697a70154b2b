import type { Request } from 'express'
import { MIMEType } from 'node:util'
import type { z } from 'zod'
import type { BodyContract } from './contract.ts'
import { malformedText, unsupportedMediaType } from './errors.ts'
import { parseForm } from './form.ts'
import { parseJson } from './json.ts'
import { checkMemberName } from './member-name.ts'
import { hasBody, readBody } from './read-body.ts'
import { headerCount } from './request-checks.ts'

interface ReceivedBody {
  schema: z.ZodType
  value: unknown
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Reads the body as one of the content types that the contract takes. No body and no type counts as an empty object. */
export async function parseBody(
  request: Request,
  contract: BodyContract | undefined,
): Promise<ReceivedBody | undefined> {
  if (!contract) {
    if (hasBody(request)) throw unsupportedMediaType()
    return undefined
  }
  const schemas = 'form' in contract ? contract : { json: contract }
  const type = contentType(request)
  if (type === undefined && !hasBody(request)) return { schema: absent(schemas), value: {} }
  if (type === 'application/json' && schemas.json) {
    const text = await readText(request)
    return { schema: schemas.json, value: text === '' ? {} : parseJson(text) }
  }
  if (type === 'application/x-www-form-urlencoded' && 'form' in schemas)
    return { schema: schemas.form, value: readForm(await readText(request)) }
  throw unsupportedMediaType()
}

function readForm(text: string): Record<string, string> {
  const fields = parseForm(text)
  for (const name of Object.keys(fields)) checkMemberName(name)
  return fields
}

const absent = (schemas: { json?: z.ZodType } | { json?: z.ZodType; form: z.ZodType }): z.ZodType =>
  schemas.json ?? (schemas as { form: z.ZodType }).form

/** Undefined where none is told. */
function contentType(request: Request): string | undefined {
  const field = request.headers['content-type']
  if (field === undefined) return undefined
  // Node takes the first of several.
  if (headerCount(request, 'content-type') > 1) throw unsupportedMediaType()
  const { essence, params } = parseMediaType(field)
  if (!/^utf-?8$/i.test(params.get('charset') ?? 'utf-8')) throw unsupportedMediaType()
  // MIMEType passes over a second charset, and over one with a blank before its equals sign.
  const charsets = field.match(/charset/gi) ?? []
  if (charsets.length > (params.has('charset') ? 1 : 0)) throw unsupportedMediaType()
  return essence
}

function parseMediaType(header: string): MIMEType {
  try {
    return new MIMEType(header)
  } catch {
    throw unsupportedMediaType()
  }
}

async function readText(request: Request): Promise<string> {
  if (!hasBody(request)) return ''
  const bytes = await readBody(request)
  try {
    return utf8.decode(bytes)
  } catch {
    throw malformedText()
  }
}
