import { accessSync, constants } from 'node:fs'
import { z } from 'zod'

const encoding =
  'in its user name and password, write % as %25, @ as %40, : as %3A, / as %2F, ? as %3F, # as %23'

/**
 * The address of a server, which may hold a user name and a password. Where a character of them is
 * not percent-encoded, the rest of the password would count as host, path or fragment, and end up
 * in messages.
 */
export const serverUrl = (...schemes: string[]) =>
  z.string().superRefine((text, context) => {
    const message = problemOf(text, schemes)
    if (message) context.addIssue({ code: 'custom', message })
  })

/** {@link serverUrl} of a PostgreSQL database, with the parameters of the driver. */
export const databaseUrl = () =>
  serverUrl('postgresql', 'postgres').superRefine((text, context) => {
    const message = URL.canParse(text) ? problemOfDatabase(new URL(text)) : undefined
    if (message) context.addIssue({ code: 'custom', message })
  })

/**
 * `name=value` pairs with commas between them and percent-encoded values, as the OpenTelemetry SDK
 * reads headers.
 */
export const headerPairs = () =>
  z.string().refine((text) => text.split(',').every(isHeaderPair), {
    error:
      'must be name=value, with commas between several and values percent-encoded (, as %2C, % as %25)',
  })

function problemOf(text: string, schemes: readonly string[]): string | undefined {
  if (!schemes.some((scheme) => text.toLowerCase().startsWith(`${scheme}://`)))
    return `must be a URL beginning with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`
  // eslint-disable-next-line no-control-regex -- URL drops some of these without a word.
  if (/[\x00-\x20\x7f]/.test(text)) return `has a blank or a control character: ${encoding}`
  const behindHost = text.slice(text.indexOf('://') + 3).replace(/^[^/?#\\]*/, '')
  if (/[@#\\]/.test(behindHost)) return `has @, # or \\ behind the host: ${encoding}`
  if (!isDecodable(text)) return `has a % that encodes no character: ${encoding}`
  if (!URL.canParse(text)) return `cannot be read as a URL: ${encoding}`
  return undefined
}

const certificateFiles = ['sslrootcert', 'sslcert', 'sslkey']

function problemOfDatabase({
  username,
  pathname,
  searchParams: parameters,
}: URL): string | undefined {
  // The rest of an address in .env whose password has a #: its digits would count as the port.
  if (username === '' && pathname.length < 2)
    return 'has neither a user nor a database: in .env, # begins a comment, so write it as %23'
  const schema = parameters.get('schema')
  if (
    (schema !== null && schema !== 'public') ||
    parameters.get('options')?.includes('search_path')
  )
    return (
      'asks for a schema of its own, but all tables live in the schema "public": ' +
      'leave schema and search_path out, and give each application a database'
    )
  const unreadable = certificateFiles.find((name) => !isReadable(parameters.get(name)))
  return unreadable && `names a file in ${unreadable} that cannot be read`
}

function isReadable(path: string | null): boolean {
  if (path === null) return true
  try {
    accessSync(path, constants.R_OK)
    return true
  } catch {
    return false
  }
}

function isHeaderPair(pair: string): boolean {
  return /^\s*[\w!#$%&'*+.^`|~-]+\s*=[\x21-\x7e ]*$/.test(pair) && isDecodable(pair)
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
