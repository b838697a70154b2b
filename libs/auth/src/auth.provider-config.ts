import { z } from 'zod'
import { key, type ConfigMisfit, type Given } from '@ashlar/core/config'

/** An application that is registered with a provider. */
export interface ClientCredentials {
  clientId: string
  clientSecret: string
}

const loopback = new Set(['localhost', '127.0.0.1', '[::1]'])

/** Secrets go there, so it is TLS but for a server on the own machine. */
const serverUrl = () =>
  z.string().refine(isServerUrl, {
    error: 'must be an address with https:// and no query or fragment (http:// for localhost)',
  })

function isServerUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, search, hash, username } = new URL(text)
  const isSafe = protocol === 'https:' || (protocol === 'http:' && loopback.has(hostname))
  return isSafe && search === '' && hash === '' && username === ''
}

const clientId = (provider: string, example: string) =>
  key(z.string().min(1, { error: 'must not be empty' }).optional(), {
    description: `Client id of the application at ${provider}. With its secret it switches on sign-in with ${provider}.`,
    example,
    processes: ['api'],
  })

const clientSecret = (provider: string) =>
  key(z.string().min(1, { error: 'must not be empty' }).optional(), {
    description: `Client secret of the application at ${provider}.`,
    example: `as ${provider} shows it`,
    password: true,
    processes: ['api'],
  })

/** Keys of sign-in with providers. All off by default. */
export const providerKeys = {
  AUTH_GOOGLE_CLIENT_ID: clientId('Google', '123456789-abc.apps.googleusercontent.com'),
  AUTH_GOOGLE_CLIENT_SECRET: clientSecret('Google'),
  AUTH_GOOGLE_ISSUER: key(serverUrl().prefault('https://accounts.google.com'), {
    description: 'Issuer of the OpenID provider behind "google".',
    example: 'https://accounts.google.com',
  }),
  AUTH_GITHUB_CLIENT_ID: clientId('GitHub', 'Iv1.0123456789abcdef'),
  AUTH_GITHUB_CLIENT_SECRET: clientSecret('GitHub'),
  AUTH_GITHUB_URL: key(serverUrl().prefault('https://github.com'), {
    description: 'Where people log in to GitHub; the address of an own GitHub Enterprise Server.',
    example: 'https://github.com',
  }),
  AUTH_GITHUB_API_URL: key(serverUrl().prefault('https://api.github.com'), {
    description: 'The API of GitHub; /api/v3 of a GitHub Enterprise Server.',
    example: 'https://api.github.com',
  }),
  AUTH_OAUTH_RETURN_URL: key(serverUrl().optional(), {
    description:
      'Page of the application to which a sign-in with a provider returns with its code. Needed as soon as one is on.',
    example: 'https://app.example.com/signed-in',
    public: true,
  }),
} as const

type Values = { [Key in keyof typeof providerKeys]: z.output<(typeof providerKeys)[Key]> }

/** What is switched on, and undefined if nothing is. */
export function providersOf(env: Values) {
  const google = credentials(env.AUTH_GOOGLE_CLIENT_ID, env.AUTH_GOOGLE_CLIENT_SECRET)
  const github = credentials(env.AUTH_GITHUB_CLIENT_ID, env.AUTH_GITHUB_CLIENT_SECRET)
  const returnUrl = env.AUTH_OAUTH_RETURN_URL
  if (returnUrl === undefined || (!google && !github)) return undefined
  return {
    returnUrl,
    google: google && { ...google, issuer: env.AUTH_GOOGLE_ISSUER },
    github: github && {
      ...github,
      url: env.AUTH_GITHUB_URL.replace(/\/+$/, ''),
      apiUrl: env.AUTH_GITHUB_API_URL.replace(/\/+$/, ''),
    },
  }
}

function credentials(
  clientId: string | undefined,
  clientSecret: string | undefined,
): ClientCredentials | undefined {
  return clientId !== undefined && clientSecret !== undefined
    ? { clientId, clientSecret }
    : undefined
}

const pairs = [
  ['AUTH_GOOGLE_CLIENT_ID', 'AUTH_GOOGLE_CLIENT_SECRET'],
  ['AUTH_GITHUB_CLIENT_ID', 'AUTH_GITHUB_CLIENT_SECRET'],
] as const

type Key = keyof Values

/** A key of a pair without the other, and a pair without an address to return to. */
export function misfitsOfProviders(given: Given<Key>): ConfigMisfit<Key>[] {
  const isGiven = (name: Key) => given[name] !== undefined
  const absent: Key[] = pairs.flatMap((pair) =>
    pair.some(isGiven) ? pair.filter((name) => !isGiven(name)) : [],
  )
  if (pairs.some((pair) => pair.every(isGiven)) && !isGiven('AUTH_OAUTH_RETURN_URL'))
    absent.push('AUTH_OAUTH_RETURN_URL')
  return absent.map((key) => ({ key, problem: 'is missing for the sign-in with a provider' }))
}
