import type { App } from './props.ts'

/** A page of the application with a token. The token is in the query, because mail readers drop fragments. */
export const linkWith = ({ url }: App, path: string, token: string): string =>
  `${url}${path}?token=${token}`
