/** A query string with the names of its parameters and none of their values, which may be anything: a token, an e-mail address. */
export const withoutQueryValues = (query: string): string =>
  query
    .split('&')
    .map((pair) => `${pair.split('=', 1)[0] ?? ''}=REDACTED`)
    .join('&')
