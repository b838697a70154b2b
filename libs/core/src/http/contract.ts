import type { Request } from 'express'
import type { z } from 'zod'
import type { ErrorFactory } from '../errors/index.ts'
import type { Guard } from './guard.ts'

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
> {
  /** One line in the imperative: `Register an account`. */
  summary: string
  description?: string
  /** Who may ask. Anybody, if absent. */
  guard?: Guard<Context>
  /** Whether this caller may: asked before the rest of the request is read; `false` answers 403. */
  policy?: (caller: Context & { request: Request }) => boolean | Promise<boolean>
  params?: Params
  query?: Query
  /** Header fields that the handler needs, by lower-case name. Others are ignored. */
  headers?: Headers
  body?: Body
  /** The allow-list of the answer. No body (204) if absent. */
  response?: Response
  /** 200 with a response, otherwise 204, if absent. */
  status?: number
  /** Path of what was created, within the API: `/users/1`. */
  location?: (result: z.input<Response>) => string
  /** `false` answers without `{"data": …}` around, where another standard sets the shape. */
  envelope?: boolean
  /** No cache may keep the answer. */
  noStore?: boolean
  /** What the handler may throw. */
  errors?: readonly ErrorFactory[]
}

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
> = Context & {
  request: Request
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
  base: string
  contract: AnyContract
  handle: (input: never) => unknown
}

export interface AnyContract extends Omit<
  RouteContract<object, z.ZodObject, z.ZodObject, z.ZodObject, BodyContract, z.ZodType>,
  'guard' | 'policy' | 'location'
> {
  guard?: Guard<object>
  policy?: (caller: never) => boolean | Promise<boolean>
  location?: (result: never) => string
}
