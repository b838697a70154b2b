import type { z } from 'zod'
import type { ListDefinition } from '../list/index.ts'
import type { BodyContract, Method, Result, Route, RouteContract, RouteInput } from './contract.ts'

export interface RoutesOptions {
  /** Path before every route of this group: `/auth`. */
  prefix: string
  /** The group's title in the API document. */
  tag: string
  /** What the group is about, for the API document: a sentence or two. */
  description?: string
  /** Path before the prefix; `/api/v1` if absent. Another version of the API, or '' for the root. */
  base?: string
}

/** Routes of one feature, declared but not yet served. */
export interface Routes {
  readonly list: readonly Route[]
}

type NoMembers = Record<never, never>

type Declare = <
  Context extends object = NoMembers,
  Params extends z.ZodObject = z.ZodObject<NoMembers>,
  Query extends z.ZodObject = z.ZodObject<NoMembers>,
  Headers extends z.ZodObject = z.ZodObject<NoMembers>,
  Body extends BodyContract = z.ZodUndefined,
  Response extends z.ZodType = z.ZodVoid,
  const List extends ListDefinition | undefined = undefined,
>(
  path: string,
  contract: RouteContract<Context, Params, Query, Headers, Body, Response, List>,
  handle: (
    input: RouteInput<Context, Params, Query, Headers, Body, Response, List>,
  ) => Result<Response, List> | Promise<Result<Response, List>>,
) => void

/**
 * Collects the routes of a feature. A path of '/' is the prefix itself.
 *
 * @example
 * const routes = createRoutes({ prefix: '/stones', tag: 'Stones' })
 * routes.get(
 *   '/:id',
 *   { summary: 'Read a stone', guard: activeUser, params: z.strictObject({ id: ResourceId }), response: Stone },
 *   ({ params, user }) => stones.get(params.id, user),
 * )
 */
export function createRoutes({ prefix, tag, description, base = '/api/v1' }: RoutesOptions) {
  const list: Route[] = []
  return {
    list,
    get: declare('get'),
    post: declare('post'),
    put: declare('put'),
    patch: declare('patch'),
    delete: declare('delete'),
  } satisfies Routes & Record<Method, Declare>

  function declare(method: Method): Declare {
    return (path, contract, handle) => {
      const whole = `${base}${prefix}${path}`.replace(/\/$/, '') || '/'
      const etag = contract.etag ?? (contract.cache && 'body')
      const kept = etag ? { ...contract, etag } : contract
      list.push({
        method,
        path: whole,
        tag,
        tagDescription: description,
        base,
        contract: kept,
        handle,
      })
    }
  }
}
