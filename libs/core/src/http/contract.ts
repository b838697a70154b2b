import type { Request } from 'express'
import type { z } from 'zod'
import type { CacheOptions } from '../cache/index.ts'
import type { Page } from '../db/index.ts'
import type { ErrorFactory } from '../errors/index.ts'
import type { Once } from '../idempotency/index.ts'
import type { ListDefinition, ListRequest } from '../list/index.ts'
import type { DeclaredLimit } from '../rate-limit/index.ts'
import type { Version } from './etag.ts'
import type { Guard } from './guard.ts'
import type { Precondition } from './precondition.ts'

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'

/** One schema for a JSON body, or one for each content type that the route takes. */
export type BodyContract = z.ZodType | { json?: z.ZodType; form: z.ZodType }

/** What a route takes, answers and may refuse. All of it holds at run time and stands in the API document. */
export interface RouteContract<
  Context extends object,
  Params extends z.ZodObject,
  Query extends z.ZodObject,
  Headers extends z.ZodObject,
  Body extends BodyContract,
  Response extends z.ZodType,
  List extends ListDefinition | undefined = undefined,
> {
  /** One line in the imperative: `Register an account`. */
  summary: string
  description?: string
  /** How often it may be asked. By default 300 times a minute by user, or by address without one; `false` for no limit. */
  limit?: DeclaredLimit
  /** Who may ask. Anybody, if absent. */
  guard?: Guard<Context>
  /** Whether this caller may: asked before the rest of the request is read; `false` answers 403. */
  policy?: (caller: Context & { request: Request }) => boolean | Promise<boolean>
  params?: Params
  query?: Query
  /** The route is a list: `response` is one row of it, and the handler answers a page. In place of `query`. */
  list?: List
  /** The list of this caller, where not everybody may ask for as much as `list` has. */
  listFor?: (caller: Context & { request: Request }) => ListDefinition
  /** Header fields that the handler needs, by lower-case name. Others are ignored. */
  headers?: Headers
  body?: Body
  /**
   * The allow-list of the answer. No body (204) if absent. Kinds and formats, without the rules of
   * input: a row that is older than a rule must not make the answer fail.
   */
  response?: Response
  /** 200 with a response, otherwise 204, if absent. */
  status?: number
  /** Path of what was created, within the API: `/users/1`. */
  location?: (result: z.input<Response>) => string
  /** The handler answers an address (`response: z.url()`), and the browser is sent there: 302 without a body. */
  redirect?: true
  /** `false` answers without `{"data": …}` around, where another standard sets the shape. */
  envelope?: boolean
  /** The answer is kept in Redis (GET only), with an `ETag` of its body if none is declared. Guard and policy are asked each time. */
  cache?: CacheContract<Context & { params: z.output<Params> }>
  /** How long anybody's cache may keep the answer. For what is the same for all, without a guard. */
  maxAgeSeconds?: number
  /** No cache may keep the answer. */
  noStore?: boolean
  /**
   * Takes an `Idempotency-Key` (POST only): a repeat gets the first answer again. The service keeps it with what it writes, by the handler's
   * `once`. Not for answers that hold secrets.
   */
  idempotent?: boolean
  /** The answer's `ETag`: of its `body`, or of the version of what it shows. Who has it already (`If-None-Match`) gets 304. */
  etag?: 'body' | ((result: z.input<Response>) => Version)
  /** The change takes, or must have, `If-Match`: the handler asks `precondition.check(version)` in its transaction. */
  ifMatch?: 'optional' | 'required'
  /** It is the OAuth 2 token endpoint and takes the password form: the API document sends people there to log in. */
  tokenEndpoint?: boolean
  /** What the handler may throw. */
  errors?: readonly ErrorFactory[]
}

/** How an answer is kept: for each caller on its own, unless it is `public`. */
interface CacheContract<Input> extends Omit<CacheOptions, 'tags' | 'negativeTtlMs'> {
  /** What it depends on: `<module>.<what>:<id>`. */
  tags?: readonly string[] | ((input: Input) => readonly string[])
  /** The same answer for everybody who may ask. Needed where there is no guard. */
  public?: boolean
  /** What the answer depends on besides: the role of the caller, for one. */
  vary?: (input: Input) => string
}

/** What the handler of a list gets, with the list's own parameters. */
type ListOf<List> =
  List extends ListDefinition<infer Parameters>
    ? { list: ListRequest<z.output<Parameters>> }
    : unknown

/** What a handler answers. */
export type Result<Response extends z.ZodType, List> = List extends ListDefinition
  ? Page<z.input<Response>>
  : z.input<Response>

type BodyOf<Body extends BodyContract> = Body extends z.ZodType
  ? z.output<Body>
  : Body extends { form: infer Form }
    ? z.output<Form> | (Body extends { json: infer Json } ? z.output<Json> : never)
    : never

/** What a handler gets: every part validated, plus what the guard found out. */
export type RouteInput<
  Context extends object,
  Params extends z.ZodObject,
  Query extends z.ZodObject,
  Headers extends z.ZodObject,
  Body extends BodyContract,
  Response extends z.ZodType,
  List extends ListDefinition | undefined = undefined,
> = Context &
  ListOf<List> & {
    request: Request
    precondition: Precondition
    once: Once<Result<Response, List>>
    params: z.output<Params>
    query: z.output<Query>
    headers: z.output<Headers>
    body: BodyOf<Body>
  }

/** A declared route as the platform sees it, without its types. */
export interface Route {
  method: Method
  /** Whole template in Express's syntax: `/api/v1/users/:id`. */
  path: string
  tag: string
  tagDescription?: string | undefined
  base: string
  contract: AnyContract
  handle: (input: never) => unknown
}

export interface AnyContract extends Omit<
  RouteContract<object, z.ZodObject, z.ZodObject, z.ZodObject, BodyContract, z.ZodType>,
  'guard' | 'policy' | 'location' | 'etag' | 'list' | 'listFor' | 'cache'
> {
  cache?: CacheContract<never>
  list?: ListDefinition
  listFor?: (caller: never) => ListDefinition
  guard?: Guard<object>
  policy?: (caller: never) => boolean | Promise<boolean>
  location?: (result: never) => string
  etag?: 'body' | ((result: never) => Version)
}
