import type { App } from './props.ts'

/** A page with a token. The token is in the query, because mail readers drop fragments. */
export const linkWith = ({ pagesUrl }: App, path: string, token: string): string =>
  `${pagesUrl}${path}?token=${token}`
